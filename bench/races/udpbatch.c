/* UDP as QUIC's senders and receivers do it: batches of equal datagrams, each one system call (UDP_SEGMENT and UDP_GRO of udp(7)).
 *
 *   udpbatch serve ADDRESS PORT                  until killed
 *   udpbatch out|in ADDRESS PORT SECONDS BYTES   prints thousands of datagrams delivered a second, and what share was lost: 183.4(2%)
 *
 * out: the client sends as fast as it can and then asks how many came. in: it asks to be sent to, and counts.
 * An IPv4 address is used by its mapped form (RFC 4291, section 2.5.5.2), so that one kind of socket does for both versions. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* A batch stays below 64 KiB and the 64 segments that older kernels take. */
enum { MOST_SEGMENTS = 40, BATCH = 65000, ASK = 'a', TOLD = 't', SEND = 's', DATA = 'd' };

struct control {
	char kind;
	uint32_t seconds, bytes;
	uint64_t count;
};

static unsigned char bytes[65536];

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int open_socket(void)
{
	int s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), none = 0, one = 1, room = 4 << 20;
	struct timeval wait = {.tv_usec = 500000};
	if (s < 0 || setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &none, sizeof none) < 0 ||
	    setsockopt(s, SOL_UDP, UDP_GRO, &one, sizeof one) < 0)
		err(1, "socket");
	setsockopt(s, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	return s;
}

static struct sockaddr_in6 endpoint(const char *address, const char *port)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(atoi(port))};
	char mapped[64];
	snprintf(mapped, sizeof mapped, "%s%s", strchr(address, ':') ? "" : "::ffff:", address);
	if (inet_pton(AF_INET6, mapped, &to.sin6_addr) != 1)
		errx(2, "not an address: %s", address);
	return to;
}

/* Receives a batch, or a datagram, and says in how many datagrams it came; 0 after half a second without any. */
static long receive(int s, struct sockaddr_in6 *from, size_t *length)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec vector = {bytes, sizeof bytes};
	struct msghdr message = {.msg_name = from, .msg_namelen = sizeof *from, .msg_iov = &vector, .msg_iovlen = 1,
				 .msg_control = control, .msg_controllen = sizeof control};
	ssize_t got = recvmsg(s, &message, 0);
	if (got <= 0)
		return 0;
	*length = got;
	int size = got;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
		if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO)
			memcpy(&size, CMSG_DATA(c), sizeof size);
	return (got + size - 1) / size;
}

/* Sends data for a time; how many datagrams. */
static uint64_t blast(int s, struct sockaddr_in6 *to, unsigned seconds, unsigned size)
{
	int many = BATCH / size < MOST_SEGMENTS ? BATCH / size : MOST_SEGMENTS;
	uint64_t count = 0;
	uint16_t segment = size;
	memset(bytes, DATA, sizeof bytes);
	char control[CMSG_SPACE(sizeof segment)] = {0};
	struct iovec vector = {bytes, (size_t)many * size};
	struct msghdr message = {.msg_name = to, .msg_namelen = sizeof *to, .msg_iov = &vector, .msg_iovlen = 1,
				 .msg_control = control, .msg_controllen = sizeof control};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	c->cmsg_level = SOL_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof segment);
	memcpy(CMSG_DATA(c), &segment, sizeof segment);
	for (double end = now() + seconds; now() < end;)
		if (sendmsg(s, &message, 0) > 0)
			count += many;
	return count;
}

static void tell(int s, struct sockaddr_in6 *to, char kind, uint32_t seconds, uint32_t size, uint64_t count)
{
	struct control c = {kind, seconds, size, count};
	sendto(s, &c, sizeof c, 0, (struct sockaddr *)to, sizeof *to);
}

static void serve(struct sockaddr_in6 here)
{
	int s = open_socket();
	struct sockaddr_in6 from;
	if (bind(s, (struct sockaddr *)&here, sizeof here) < 0)
		err(1, "bind");
	for (uint64_t count = 0;;) {
		size_t length;
		struct control c;
		long n = receive(s, &from, &length);
		if (n == 0)
			continue;
		memcpy(&c, bytes, sizeof c);
		if (c.kind == DATA) {
			count += n;
		} else if (c.kind == ASK) {
			tell(s, &from, TOLD, 0, 0, count);
		} else if (c.kind == SEND && c.count != count) { /* asked again and again until data come */
			count = c.count;
			uint64_t sent = blast(s, &from, c.seconds, c.bytes);
			usleep(700000);
			for (int i = 0; i < 20; i++) {
				tell(s, &from, TOLD, 0, 0, sent);
				usleep(10000);
			}
		}
	}
}

/* Asks until the answer is there, and counts the data that come meanwhile. */
static uint64_t ask(int s, struct sockaddr_in6 *to, char kind, uint32_t seconds, uint32_t size, uint64_t token, uint64_t *data)
{
	struct sockaddr_in6 from;
	for (int tries = 0; tries < 20; tries++) {
		if (*data == 0)
			tell(s, to, kind, seconds, size, token);
		size_t length;
		for (long n; (n = receive(s, &from, &length)) > 0;) {
			struct control c;
			memcpy(&c, bytes, sizeof c);
			if (c.kind == TOLD)
				return c.count;
			*data += n;
		}
	}
	errx(1, "no answer");
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		serve(endpoint(argv[2], argv[3]));
	if (argc != 6)
		errx(2, "usage: udpbatch serve ADDRESS PORT | out|in ADDRESS PORT SECONDS BYTES");
	int s = open_socket();
	struct sockaddr_in6 to = endpoint(argv[2], argv[3]);
	unsigned seconds = atoi(argv[4]), size = atoi(argv[5]);
	uint64_t none = 0, sent, came = 0;
	if (strcmp(argv[1], "out") == 0) {
		uint64_t before = ask(s, &to, ASK, 0, 0, 0, &none);
		sent = blast(s, &to, seconds, size);
		usleep(300000);
		came = ask(s, &to, ASK, 0, 0, 0, &none) - before;
	} else {
		sent = ask(s, &to, SEND, seconds, size, (uint64_t)getpid() << 32, &came);
	}
	printf("%.1f(%.0f%%)\n", came / 1e3 / seconds, sent ? 100.0 * (1 - (double)came / sent) : 0.0);
	return 0;
}
