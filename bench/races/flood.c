/* A hostile guest: sends well-formed frames of one kind as fast as a packet socket takes them, from many identities.
 * flood DEVICE udp|syn|arp|icmp|dns|fragment|broadcast|mac GATEWAY_MAC GATEWAY_IP SECONDS
 * The gateway's address says the IP version; in IPv6 arp solicits neighbours, and broadcast is to all nodes.
 * It sends by the device only, which is one of a namespace that the race made. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, MOST = 1514, ETHERNET = 14, ICMPV6 = 58, FRAGMENT = 44 };

/* Bytes of an address, 4 or 16, and of an IP header. */
static int address_length, header_length;

static uint32_t seed = 1;

static uint32_t next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	return seed ^= seed << 5;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static uint32_t sum(const uint8_t *data, int length)
{
	uint32_t total = 0;
	for (int i = 0; i + 1 < length; i += 2)
		total += data[i] << 8 | data[i + 1];
	return length & 1 ? total + (data[length - 1] << 8) : total;
}

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

/* An IP packet behind an Ethernet header; returns where its payload begins. */
static uint8_t *ip(uint8_t *frame, int protocol, const uint8_t *source, const uint8_t *destination, int payload)
{
	uint8_t *p = frame + ETHERNET;
	memset(p, 0, header_length);
	if (address_length == 4) {
		put16(frame + 12, ETHERTYPE_IP);
		p[0] = 0x45;
		put16(p + 2, header_length + payload);
		put16(p + 4, next());
		p[8] = 64, p[9] = protocol;
		memcpy(p + 12, source, 4), memcpy(p + 16, destination, 4);
		put16(p + 10, ~fold(sum(p, 20)));
	} else {
		put16(frame + 12, ETHERTYPE_IPV6);
		p[0] = 0x60;
		put16(p + 4, payload);
		p[6] = protocol, p[7] = protocol == ICMPV6 ? 255 : 64;
		memcpy(p + 8, source, 16), memcpy(p + 24, destination, 16);
	}
	return p + header_length;
}

/* Fills the checksum in that covers the addresses too, and returns the frame's length. */
static int transport(uint8_t *frame, int protocol, int length, int at)
{
	uint8_t *payload = frame + ETHERNET + header_length;
	uint32_t total = sum(payload - 2 * address_length, 2 * address_length) + protocol + length + sum(payload, length);
	put16(payload + at, ~fold(total));
	return ETHERNET + header_length + length;
}

static int udp(uint8_t *frame, const uint8_t *source, const uint8_t *destination, int port, const uint8_t *data, int length)
{
	uint8_t *u = ip(frame, IPPROTO_UDP, source, destination, 8 + length);
	put16(u, 1024 + next() % 60000), put16(u + 2, port), put16(u + 4, 8 + length), put16(u + 6, 0);
	memcpy(u + 8, data, length);
	return transport(frame, IPPROTO_UDP, 8 + length, 6);
}

/* Where IPv6 sends what IPv4 broadcasts: an address, and the MAC address that it has (RFC 2464 section 7). */
static void multicast(uint8_t *frame, uint8_t *address, uint32_t low)
{
	memset(address, 0, 16);
	address[0] = 0xff, address[1] = 2;
	put16(address + 12, low >> 16), put16(address + 14, low);
	frame[0] = frame[1] = 0x33;
	memcpy(frame + 2, address + 12, 4);
}

static int ask_for_neighbour(uint8_t *frame, const uint8_t *mine, uint8_t *target)
{
	target[address_length - 1] = 1 + next() % 254;
	if (address_length == 4) {
		memset(frame, 0xff, 6);
		memcpy(frame + 12, "\x08\x06\0\1\x08\0\6\4\0\1", 10);
		memcpy(frame + 22, frame + 6, 6), memcpy(frame + 28, mine, 4);
		memset(frame + 32, 0, 6), memcpy(frame + 38, target, 4);
		memset(frame + 42, 0, 18);
		return 60;
	}
	uint8_t group[16];
	multicast(frame, group, 0xff000000 | target[13] << 16 | target[14] << 8 | target[15]);
	group[11] = 1; /* ff02::1:ff00:0/104, the solicited-node addresses */
	uint8_t *n = ip(frame, ICMPV6, mine, group, 32);
	memset(n, 0, 8);
	n[0] = 135;
	memcpy(n + 8, target, 16);
	n[24] = 1, n[25] = 1, memcpy(n + 26, frame + 6, 6);
	return transport(frame, ICMPV6, 32, 2);
}

static int make(uint8_t *frame, const char *kind, const uint8_t *gateway_mac, const uint8_t *gateway)
{
	uint8_t mine[16], world[16], data[1000] = {0};
	memcpy(mine, gateway, 16);
	mine[address_length - 1] = 9;
	/* TEST-NET-2 (RFC 5737), and the prefix for documents (RFC 3849). */
	memcpy(world, address_length == 4 ? "\306\063\144\0" : " \1\r\270\0\0\0\0\0\0\0\0\0\0\0", address_length);
	world[address_length - 1] = next();
	memcpy(frame, gateway_mac, 6);
	memcpy(frame + 6, "\x52\x54\x00\x00\x00\x99", 6);
	if (!strcmp(kind, "udp"))
		return udp(frame, mine, world, next() & 0xffff, data, 64);
	if (!strcmp(kind, "syn")) {
		/* Forged sources too: another address of the subnet each time. */
		mine[address_length - 1] = 10 + next() % 200;
		uint8_t *t = ip(frame, IPPROTO_TCP, mine, world, 20);
		memset(t, 0, 20);
		put16(t, 1024 + next() % 60000), put16(t + 2, 80), put16(t + 4, next()), put16(t + 6, next());
		t[12] = 0x50, t[13] = 2, put16(t + 14, 65535);
		return transport(frame, IPPROTO_TCP, 20, 16);
	}
	if (!strcmp(kind, "icmp")) {
		uint8_t *i = ip(frame, address_length == 4 ? IPPROTO_ICMP : ICMPV6, mine, gateway, 64);
		memset(i, 0, 64);
		i[0] = address_length == 4 ? 8 : 128, put16(i + 4, next()), put16(i + 6, next());
		if (address_length == 16)
			return transport(frame, ICMPV6, 64, 2);
		put16(i + 2, ~fold(sum(i, 64)));
		return ETHERNET + header_length + 64;
	}
	if (!strcmp(kind, "dns")) {
		uint8_t *q = data + 12;
		put16(data, next()), put16(data + 2, 0x0100), put16(data + 4, 1);
		int length = sprintf((char *)q + 1, "n%08x", next());
		*q = length, q += 1 + length;
		memcpy(q, "\7example\0", 9), q += 9;
		put16(q, 1), put16(q + 2, 1);
		return udp(frame, mine, gateway, 53, data, q + 4 - data);
	}
	if (!strcmp(kind, "fragment")) {
		int offset = (next() % 8) * 125;
		if (address_length == 4) {
			memset(ip(frame, IPPROTO_UDP, mine, world, 1000), 0, 1000);
			uint8_t *p = frame + ETHERNET;
			put16(p + 6, 0x2000 | offset), put16(p + 10, 0), put16(p + 10, ~fold(sum(p, 20)));
			return ETHERNET + header_length + 1000;
		}
		uint8_t *f = ip(frame, FRAGMENT, mine, world, 8 + 1000);
		memset(f, 0, 8 + 1000);
		f[0] = IPPROTO_UDP, put16(f + 2, offset << 3 | 1), put16(f + 4, next()), put16(f + 6, next());
		return ETHERNET + header_length + 8 + 1000;
	}
	if (!strcmp(kind, "broadcast")) {
		uint8_t everybody[16];
		memset(everybody, 0xff, 16), memset(frame, 0xff, 6);
		if (address_length == 16)
			multicast(frame, everybody, 1);
		return udp(frame, mine, everybody, 9, data, 1000);
	}
	/* arp: for one address of the subnet after the other; mac: the same, from a new address each time. */
	uint8_t target[16];
	memcpy(target, gateway, 16);
	if (!strcmp(kind, "mac")) {
		uint32_t low = next();
		memcpy(frame + 8, &low, 4);
	}
	return ask_for_neighbour(frame, mine, target);
}

int main(int argc, char **argv)
{
	uint8_t mac[6], gateway[16] = {0};
	address_length = argc > 4 && strchr(argv[4], ':') ? 16 : 4;
	header_length = address_length == 4 ? 20 : 40;
	if (argc != 6 || sscanf(argv[3], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) != 6 ||
	    inet_pton(address_length == 4 ? AF_INET : AF_INET6, argv[4], gateway) != 1)
		errx(2, "usage: flood DEVICE KIND GATEWAY_MAC GATEWAY_IP SECONDS");
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(argv[1]), .sll_halen = 6};
	if (fd < 0 || !to.sll_ifindex || bind(fd, (void *)&to, sizeof to) < 0)
		err(1, "open %s", argv[1]);
	static uint8_t frames[BATCH][MOST];
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	long sent = 0;
	time_t end = time(NULL) + atoi(argv[5]);
	while (time(NULL) < end) {
		for (int i = 0; i < BATCH; i++) {
			vectors[i] = (struct iovec){frames[i], make(frames[i], argv[2], mac, gateway)};
			messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &vectors[i], .msg_iovlen = 1}};
		}
		int result = sendmmsg(fd, messages, BATCH, 0);
		if (result > 0)
			sent += result;
	}
	printf("%ld\n", sent);
	return 0;
}
