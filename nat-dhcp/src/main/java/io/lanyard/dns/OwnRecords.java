package io.lanyard.dns;

import io.lanyard.config.DnsRecord;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Name;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.ReverseMap;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.Type;

/**
 * The records of a network's name server that the configuration has beside hosts.
 *
 * <p>Immutable.
 */
final class OwnRecords {
  /** The longest string of a text (RFC 1035 section 3.3); longer ones are cut into several. */
  private static final int LONGEST_STRING = 255;

  /** Names that stand for each other, one after the other, in one answer. */
  private static final int MOST_ALIASES = 8;

  private final Map<Name, List<Record>> records = new HashMap<>();

  /** The records of wildcards (RFC 4592), by the name that the wildcard is below. */
  private final Map<Name, List<Record>> wild = new HashMap<>();

  OwnRecords(List<DnsRecord> declared, Name domain) {
    for (DnsRecord each : declared) {
      Name name = name(each.name(), domain);
      Record record = record(each.data(), name, domain);
      boolean isWild = record.getName().isWild();
      (isWild ? wild : records)
          .computeIfAbsent(
              isWild ? new Name(record.getName(), 1) : record.getName(), key -> new ArrayList<>())
          .add(record);
    }
  }

  private static Name name(String text, Name domain) {
    return text.endsWith(".") ? OwnNames.absolute(text, null) : OwnNames.absolute(text, domain);
  }

  private static Record record(DnsRecord.Data data, Name name, Name domain) {
    long ttl = OwnAnswers.TTL;
    return switch (data) {
      case DnsRecord.Alias(String target) ->
          new CNAMERecord(name, DClass.IN, ttl, name(target, domain));
      case DnsRecord.Service(int priority, int weight, int port, String target) ->
          new SRVRecord(name, DClass.IN, ttl, priority, weight, port, name(target, domain));
      case DnsRecord.Text(String text) ->
          Record.newRecord(name, Type.TXT, DClass.IN, ttl, strings(text));
      case DnsRecord.Pointer(var address) ->
          new PTRRecord(ReverseMap.fromAddress(address.toInetAddress()), DClass.IN, ttl, name);
      case DnsRecord.Ipv6(var address) ->
          new AAAARecord(name, DClass.IN, ttl, address.toInetAddress());
    };
  }

  /** A text's data (RFC 1035 section 3.3.14): strings, each behind its length. */
  private static byte[] strings(String text) {
    byte[] all = text.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (int at = 0; at == 0 || at < all.length; at += LONGEST_STRING) {
      int length = Math.min(all.length - at, LONGEST_STRING);
      data.write(length);
      data.write(all, at, length);
    }
    return data.toByteArray();
  }

  /** All names that have records, for the names above them, which exist then (RFC 8020). */
  Iterable<Name> names() {
    List<Name> all = new ArrayList<>(records.keySet());
    all.addAll(wild.keySet());
    return all;
  }

  /** The records of a name, or those of the wildcard above it; none for a name without any. */
  List<Record> of(Name name) {
    List<Record> own = records.get(name);
    if (own != null) {
      return own;
    }
    for (int n = 1; n < name.labels() && !wild.isEmpty(); n++) {
      Name encloser = new Name(name, n);
      List<Record> below = wild.get(encloser);
      if (below != null) {
        return below.stream().map(each -> at(name, each)).toList();
      }
      if (records.containsKey(encloser)) {
        return List.of(); // The closest name that exists has no wildcard below it.
      }
    }
    return List.of();
  }

  private static Record at(Name name, Record wild) {
    return Record.newRecord(
        name, wild.getType(), wild.getDClass(), wild.getTTL(), wild.rdataToWireCanonical());
  }

  /** The names that a name stands for, each as its record; none for no alias. */
  List<CNAMERecord> aliases(Name name) {
    List<CNAMERecord> chain = new ArrayList<>();
    CNAMERecord next = alias(name);
    while (next != null && chain.size() < MOST_ALIASES && !chain.contains(next)) {
      chain.add(next);
      next = alias(next.getTarget());
    }
    return chain;
  }

  private @Nullable CNAMERecord alias(Name name) {
    for (Record each : of(name)) {
      if (each.getType() == Type.CNAME) {
        return (CNAMERecord) each;
      }
    }
    return null;
  }

  boolean isEmpty() {
    return records.isEmpty() && wild.isEmpty();
  }

  int size() {
    return records.size() + wild.size();
  }
}
