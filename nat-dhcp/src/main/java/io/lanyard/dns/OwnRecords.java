package io.lanyard.dns;

import io.lanyard.config.DnsRecord;
import io.lanyard.net.Address;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
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

  /** The names of which the records say where they lead. */
  private final Set<Name> leading = new HashSet<>();

  OwnRecords(List<DnsRecord> declared, Name domain) {
    for (DnsRecord each : declared) {
      Name name = name(each.name(), domain);
      if (each.leads()) {
        leading.add(name);
      }
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
      case DnsRecord.Ipv4(var address) ->
          new ARecord(name, DClass.IN, ttl, address.toInetAddress());
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

  /** The names that have records of their own. */
  Set<Name> owners() {
    return records.keySet();
  }

  /** All names that have records, for the names above them, which exist then (RFC 8020). */
  Iterable<Name> names() {
    List<Name> all = new ArrayList<>(records.keySet());
    all.addAll(wild.keySet());
    return all;
  }

  /** The names of which the records say where they lead: addresses and aliases. */
  Set<Name> leading() {
    return leading;
  }

  /** Adds an address that the configuration gives a name elsewhere, if the name has its like. */
  void join(Name name, Address address) {
    List<Record> its = records.get(name);
    if (its == null) {
      return;
    }
    int type = address.isIpv4() ? Type.A : Type.AAAA;
    Record record =
        type == Type.A
            ? new ARecord(name, DClass.IN, OwnAnswers.TTL, address.toInetAddress())
            : new AAAARecord(name, DClass.IN, OwnAnswers.TTL, address.toInetAddress());
    if (its.stream().anyMatch(each -> each.getType() == type) && !its.contains(record)) {
      its.addFirst(record);
    }
  }

  /**
   * The records of a name of the domain that is asked for by its label alone.
   *
   * @param full the name
   * @param asked the label
   */
  List<Record> ofLabel(Name full, Name asked) {
    return records.getOrDefault(full, List.of()).stream().map(each -> at(asked, each)).toList();
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

  /**
   * The names that a name stands for, each as its record; none for no alias.
   *
   * @param all the records of the name
   */
  List<CNAMERecord> aliases(List<Record> all) {
    List<CNAMERecord> chain = new ArrayList<>();
    CNAMERecord next = alias(all);
    while (next != null && chain.size() < MOST_ALIASES && !chain.contains(next)) {
      chain.add(next);
      next = alias(of(next.getTarget()));
    }
    return chain;
  }

  private static @Nullable CNAMERecord alias(List<Record> all) {
    for (Record each : all) {
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
