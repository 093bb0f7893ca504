package io.lanyard.dhcp;

import io.lanyard.net.Address;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * The stored form of a lease: a version, its fields, and a checksum of them and the address, which
 * is the key. Version 1, of Lanyard 0.1.0, has no port; records of former releases have no
 * checksum.
 */
final class LeaseRecord {
  private static final int VERSION = 2;
  private static final Lease.State[] STATES = Lease.State.values();

  private LeaseRecord() {}

  static byte[] encode(Lease lease) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      byte[] client = lease.client().toBytes();
      out.writeByte(VERSION);
      out.writeByte(lease.state().ordinal());
      out.writeLong(lease.mac());
      out.writeLong(lease.startMillis());
      out.writeLong(lease.expiryMillis());
      out.writeByte(client.length);
      out.write(client);
      out.writeUTF(lease.hostname() == null ? "" : lease.hostname());
      out.writeUTF(lease.port());
      out.writeInt(checksum(lease.address(), bytes.toByteArray(), bytes.size()));
    } catch (IOException e) {
      throw new UncheckedIOException("encoding a lease in memory", e);
    }
    return bytes.toByteArray();
  }

  private static int checksum(Address address, byte[] record, int length) {
    CRC32 checksum = new CRC32();
    checksum.update(address.toString().getBytes(StandardCharsets.US_ASCII));
    checksum.update(record, 0, length);
    return (int) checksum.getValue();
  }

  static Lease decode(Address address, byte[] stored) throws IOException {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(stored))) {
      int version = in.readUnsignedByte();
      int state = in.readUnsignedByte();
      if (version < 1 || version > VERSION || state >= STATES.length) {
        throw new IOException("version " + version + ", state " + state + " of a lease unknown");
      }
      long mac = in.readLong();
      long start = in.readLong();
      long expiry = in.readLong();
      byte[] client = new byte[in.readUnsignedByte()];
      in.readFully(client);
      String name = in.readUTF();
      String port = version == 1 ? "" : in.readUTF();
      int length = stored.length - in.available();
      if (in.available() >= Integer.BYTES && in.readInt() != checksum(address, stored, length)) {
        throw new IOException("the checksum of a lease does not match");
      }
      return new Lease(
          address,
          ClientId.of(client),
          mac,
          port,
          name.isEmpty() ? null : name,
          start,
          expiry,
          STATES[state]);
    }
  }
}
