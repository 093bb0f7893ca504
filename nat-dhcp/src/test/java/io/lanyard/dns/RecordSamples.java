package io.lanyard.dns;

import java.util.LinkedHashMap;
import java.util.Map;
import org.xbill.DNS.Type;

/** One record of each type, as text, and a type that nobody knows (RFC 3597). */
final class RecordSamples {
  private RecordSamples() {}

  static Map<Integer, String> all() {
    Map<Integer, String> all = new LinkedHashMap<>();
    String key = "AwEAAcw5QLr0IjC0wKbGoBPQv4qmeqHy9mvL5qGQTuaG5TSrNqEAR6b/qvxDx6my4JmEmjUPA1JeEI9Y";
    String digest = "2BB183AF5F22588179A53B0A98631FAD1A292118A1F8C1C2A1B0D0E0F0A0B0C0";
    all.put(Type.A, "192.0.2.1");
    all.put(Type.NS, "ns.example.");
    all.put(Type.CNAME, "target.example.");
    all.put(Type.SOA, "ns.example. hostmaster.example. 1 3600 600 86400 60");
    all.put(Type.MB, "mb.example.");
    all.put(Type.MG, "mg.example.");
    all.put(Type.MR, "mr.example.");
    all.put(Type.WKS, "192.0.2.1 6 21 25");
    all.put(Type.PTR, "ptr.example.");
    all.put(Type.HINFO, "\"RISCV\" \"LINUX\"");
    all.put(Type.MINFO, "a.example. b.example.");
    all.put(Type.MX, "10 mail.example.");
    all.put(Type.TXT, "\"one\" \"two; with a semicolon\"");
    all.put(Type.RP, "who.example. what.example.");
    all.put(Type.AFSDB, "1 afs.example.");
    all.put(Type.X25, "\"311061700956\"");
    all.put(Type.ISDN, "\"150862028003217\" \"004\"");
    all.put(Type.RT, "10 relay.example.");
    all.put(Type.NSAP, "0x47000580005a0000000001e133ffffff00016100");
    all.put(Type.PX, "10 a.example. b.example.");
    all.put(Type.AAAA, "2001:db8::1");
    all.put(Type.LOC, "51 30 12.748 N 0 7 39.611 W 0.00m 0.00m 0.00m 0.00m");
    all.put(Type.SRV, "1 2 80 www.example.");
    all.put(Type.NAPTR, "100 10 \"u\" \"sip+E2U\" \"!^.*$!sip:info@example.com!\" .");
    all.put(Type.KX, "10 kx.example.");
    all.put(Type.CERT, "1 2 3 " + key);
    all.put(Type.DNAME, "other.example.");
    all.put(Type.APL, "1:192.168.32.0/21 !1:192.168.38.0/28");
    all.put(Type.DS, "60485 8 2 " + digest);
    all.put(Type.SSHFP, "2 1 123456789abcdef67890123456789abcdef67890");
    all.put(Type.IPSECKEY, "10 1 2 192.0.2.38 " + key);
    all.put(Type.RRSIG, "A 8 2 3600 20300101000000 20260101000000 2642 example. " + key);
    all.put(Type.NSEC, "next.example. A MX RRSIG NSEC TYPE1234");
    all.put(Type.DNSKEY, "256 3 8 " + key);
    all.put(Type.DHCID, "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=");
    all.put(Type.NSEC3, "1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR MX RRSIG");
    all.put(Type.NSEC3PARAM, "1 0 12 AABBCCDD");
    all.put(Type.TLSA, "3 1 1 " + digest);
    all.put(Type.SMIMEA, "3 1 1 " + digest);
    all.put(Type.CDS, "60485 8 2 " + digest);
    all.put(Type.CDNSKEY, "256 3 8 " + key);
    all.put(Type.OPENPGPKEY, key);
    all.put(Type.SVCB, "1 svc.example. alpn=h2,h3 port=8443");
    all.put(Type.HTTPS, "1 . alpn=h3 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1");
    all.put(Type.SPF, "\"v=spf1 -all\"");
    all.put(Type.URI, "10 1 \"https://www.example/path\"");
    all.put(Type.CAA, "0 issue \"ca.example\"");
    all.put(65_280, "\\# 5 0102030405");
    return all;
  }
}
