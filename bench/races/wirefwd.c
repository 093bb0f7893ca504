/* What the system calls of a bridged uplink cost: a TAP device for the guest, a packet socket on an interface of the host, and a
 * second TAP device, up0, by which frames get into the host's own stack (bench/races/bridge redirects it). A thread for each way, one
 * read and one write a frame; the only thing that is looked at is the destination.
 *
 *   wirefwd GUEST-NETNS HOST-NETNS INTERFACE      the guest's device is named t0 */
#include "netns_tap.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#ifndef PACKET_VNET_HDR_SZ
#define PACKET_VNET_HDR_SZ 24
#endif

static int guest, host, wire;
static unsigned char interface_mac[ETH_ALEN];

static void option(int level, int name, const void *value, socklen_t length, const char *what)
{
	if (setsockopt(wire, level, name, value, length) < 0)
		err(1, "%s", what);
}

/* Takes all frames of the interface but those for the host itself, which a filter leaves in the kernel. */
static void open_wire(const char *netns, const char *name)
{
	char path[256];
	snprintf(path, sizeof path, "/run/netns/%s", netns);
	int away = open(path, O_RDONLY | O_CLOEXEC);
	if (away < 0 || setns(away, CLONE_NEWNET) < 0)
		err(1, "enter %s", path);
	close(away);
	wire = socket(AF_PACKET, SOCK_RAW, 0);
	if (wire < 0)
		err(1, "packet socket");
	int header = HEADER_BYTES, room = 16 << 20;
	option(SOL_PACKET, PACKET_VNET_HDR_SZ, &header, sizeof header, "PACKET_VNET_HDR_SZ");
	option(SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room, "SO_RCVBUFFORCE");
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, SKF_AD_OFF + SKF_AD_PKTTYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_HOST, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, -1),
	};
	struct sock_fprog program = { sizeof code / sizeof *code, code };
	option(SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program, "SO_ATTACH_FILTER");
	int index = if_nametoindex(name);
	struct packet_mreq all = { .mr_ifindex = index, .mr_type = PACKET_MR_PROMISC };
	option(SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all, "promiscuous");
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = index };
	if (bind(wire, (struct sockaddr *)&at, sizeof at) < 0)
		err(1, "bind to %s", name);
	struct ifreq request;
	memset(&request, 0, sizeof request);
	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	if (ioctl(wire, SIOCGIFHWADDR, &request) < 0)
		err(1, "MAC address of %s", name);
	memcpy(interface_mac, request.ifr_hwaddr.sa_data, ETH_ALEN);
}

static unsigned char *frame_memory(void)
{
	unsigned char *frame = malloc(FRAME_BYTES);
	if (!frame)
		err(1, "memory");
	return frame;
}

static void *from_guest(void *nothing)
{
	unsigned char *frame = frame_memory(), *to = frame + HEADER_BYTES;
	for (;;) {
		ssize_t length = read(guest, frame, FRAME_BYTES);
		if (length < 0)
			err(1, "read from the guest");
		int is_host = !memcmp(to, interface_mac, ETH_ALEN);
		/* A full queue loses a frame, as on any switch. */
		if (!is_host && write(wire, frame, length) < 0 && errno == EBADF)
			err(1, "write to the wire");
		if ((is_host || (to[0] & 1)) && write(host, frame, length) < 0 && errno == EBADF)
			err(1, "write to the host");
	}
	return nothing;
}

int main(int count, char **arguments)
{
	if (count != 4)
		errx(2, "usage: wirefwd GUEST-NETNS HOST-NETNS INTERFACE");
	guest = netns_tap(arguments[1], "t0", 1);
	host = netns_tap(arguments[2], "up0", 1);
	open_wire(arguments[2], arguments[3]);
	pthread_t thread;
	if (pthread_create(&thread, NULL, from_guest, NULL))
		errx(1, "no thread");
	unsigned char *frame = frame_memory(), *to = frame + HEADER_BYTES;
	unsigned char own[ETH_ALEN] = { 0 };
	for (;;) {
		ssize_t length = recv(wire, frame, FRAME_BYTES, 0);
		if (length < HEADER_BYTES + ETH_HLEN)
			continue;
		/* The guest's address is that to which the first answer goes; its own broadcasts come back by up0. */
		if (!(to[0] & 1) && !own[0] && !own[5])
			memcpy(own, to, ETH_ALEN);
		if (!memcmp(to + ETH_ALEN, own, ETH_ALEN))
			continue;
		if (write(guest, frame, length) < 0 && errno == EBADF)
			err(1, "write to the guest");
	}
}
