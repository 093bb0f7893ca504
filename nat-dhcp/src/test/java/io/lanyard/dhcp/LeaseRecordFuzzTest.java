package io.lanyard.dhcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.net.Address;
import java.io.IOException;

/** A lease that was stored is refused as damaged, or is a lease that is stored as itself. */
class LeaseRecordFuzzTest {
  private static final Address ADDRESS = Address.parse("192.168.127.128");

  @FuzzTest
  void aStoredLeaseIsALeaseOrDamaged(byte[] input) throws IOException {
    Lease lease;
    try {
      lease = LeaseRecord.decode(ADDRESS, input);
    } catch (IOException damaged) {
      return;
    }
    assertThat(LeaseRecord.decode(ADDRESS, LeaseRecord.encode(lease))).isEqualTo(lease);
  }
}
