/* A hostile guest: sends well-formed frames of one kind as fast as a packet socket takes them, from many identities.
 * flood DEVICE udp|syn|arp|icmp|dns|fragment|broadcast|mac GATEWAY_MAC GATEWAY_IP SECONDS
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

enum { BATCH = 64, MOST = 1514 };

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

/* An IPv4 packet behind an Ethernet header; returns where its payload begins. */
static uint8_t *ip(uint8_t *frame, int protocol, uint32_t source, uint32_t destination, int payload, int fragment)
{
	uint8_t *p = frame + 14;
	put16(frame + 12, 0x0800);
	memset(p, 0, 20);
	p[0] = 0x45;
	put16(p + 2, 20 + payload);
	put16(p + 4, next());
	put16(p + 6, fragment);
	p[8] = 64;
	p[9] = protocol;
	source = htonl(source);
	destination = htonl(destination);
	memcpy(p + 12, &source, 4);
	memcpy(p + 16, &destination, 4);
	put16(p + 10, ~fold(sum(p, 20)));
	return p + 20;
}

static void transport(uint8_t *frame, int protocol, int length, int at)
{
	uint8_t *p = frame + 14;
	uint32_t total = sum(p + 12, 8) + protocol + length + sum(p + 20, length);
	put16(p + 20 + at, ~fold(total));
}

static int make(uint8_t *frame, const char *kind, const uint8_t *gateway_mac, uint32_t gateway)
{
	uint32_t mine = (gateway & 0xffffff00) | 9, world = 0xc6336400 | (next() & 0xff); /* 198.51.100.0/24, TEST-NET-2 */
	memcpy(frame, gateway_mac, 6);
	memcpy(frame + 6, "\x52\x54\x00\x00\x00\x99", 6);
	if (!strcmp(kind, "udp")) {
		uint8_t *u = ip(frame, 17, mine, world, 8 + 64, 0);
		put16(u, 1024 + next() % 60000), put16(u + 2, next()), put16(u + 4, 72), put16(u + 6, 0);
		memset(u + 8, 'x', 64);
		return 14 + 20 + 72;
	} else if (!strcmp(kind, "syn")) {
		/* Forged sources too: another address of the subnet each time. */
		uint8_t *t = ip(frame, 6, (gateway & 0xffffff00) | (10 + next() % 200), world, 20, 0);
		memset(t, 0, 20);
		put16(t, 1024 + next() % 60000), put16(t + 2, 80), put16(t + 4, next()), put16(t + 6, next());
		t[12] = 0x50, t[13] = 2, put16(t + 14, 65535);
		transport(frame, 6, 20, 16);
		return 54;
	} else if (!strcmp(kind, "icmp")) {
		uint8_t *i = ip(frame, 1, mine, gateway, 64, 0);
		memset(i, 0, 64);
		i[0] = 8, put16(i + 4, next()), put16(i + 6, next());
		put16(i + 2, ~fold(sum(i, 64)));
		return 98;
	} else if (!strcmp(kind, "dns")) {
		char name[16];
		int length = snprintf(name, sizeof name, "n%08x", next());
		uint8_t *u = ip(frame, 17, mine, gateway, 8 + 12 + 1 + length + 9 + 4, 0), *q = u + 20;
		put16(u, 1024 + next() % 60000), put16(u + 2, 53), put16(u + 4, 8 + 12 + 1 + length + 9 + 4), put16(u + 6, 0);
		memset(u + 8, 0, 12);
		put16(u + 8, next()), put16(u + 10, 0x0100), put16(u + 12, 1);
		*q++ = length, memcpy(q, name, length), q += length;
		memcpy(q, "\7example\0", 9), q += 9;
		put16(q, 1), put16(q + 2, 1);
		return q + 4 - frame;
	} else if (!strcmp(kind, "fragment")) {
		uint8_t *u = ip(frame, 17, mine, world, 1000, 0x2000 | (next() % 8) * 125);
		memset(u, 0, 1000);
		return 14 + 20 + 1000;
	} else if (!strcmp(kind, "broadcast")) {
		memset(frame, 0xff, 6);
		uint8_t *u = ip(frame, 17, mine, 0xffffffff, 8 + 1000, 0);
		put16(u, 9), put16(u + 2, 9), put16(u + 4, 1008), put16(u + 6, 0);
		memset(u + 8, 0, 1000);
		return 14 + 20 + 1008;
	}
	/* arp: for one address of the subnet after the other; mac: the same, from a new address each time. */
	uint32_t target = htonl((gateway & 0xffffff00) | (1 + next() % 254)), from = htonl(mine);
	if (!strcmp(kind, "mac")) {
		uint32_t low = next();
		memcpy(frame + 8, &low, 4);
	}
	memset(frame, 0xff, 6);
	memcpy(frame + 12, "\x08\x06\0\1\x08\0\6\4\0\1", 10);
	memcpy(frame + 22, frame + 6, 6), memcpy(frame + 28, &from, 4);
	memset(frame + 32, 0, 6), memcpy(frame + 38, &target, 4);
	memset(frame + 42, 0, 18);
	return 60;
}

int main(int argc, char **argv)
{
	uint8_t mac[6];
	struct in_addr gateway;
	if (argc != 6 || sscanf(argv[3], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) != 6 ||
	    !inet_aton(argv[4], &gateway))
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
			vectors[i] = (struct iovec){frames[i], make(frames[i], argv[2], mac, ntohl(gateway.s_addr))};
			messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &vectors[i], .msg_iovlen = 1}};
		}
		int result = sendmmsg(fd, messages, BATCH, 0);
		if (result > 0)
			sent += result;
	}
	printf("%ld\n", sent);
	return 0;
}
