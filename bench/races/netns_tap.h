/* A TAP device in a named network namespace. Shared by the programs that the races compare Lanyard with. */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The largest frame with its 12-byte virtio header: a 64 KiB super-frame. */
enum { HEADER_BYTES = 12, FRAME_BYTES = 65536 + 64 + HEADER_BYTES };

/* Creates the device and comes back to the caller's namespace. With offloads, each read and write has a virtio header
 * before the frame, and the kernel hands over TCP super-frames whose checksum is not finished. */
static inline int netns_tap(const char *netns, const char *device, int offloads)
{
	char path[256];
	snprintf(path, sizeof path, "/run/netns/%s", netns);
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int away = open(path, O_RDONLY | O_CLOEXEC);
	if (home < 0 || away < 0 || setns(away, CLONE_NEWNET) < 0)
		err(1, "enter %s", path);
	close(away);

	struct ifreq request;
	memset(&request, 0, sizeof request);
	request.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (offloads)
		request.ifr_flags |= IFF_VNET_HDR;
	strncpy(request.ifr_name, device, IFNAMSIZ - 1);
	int tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (tap < 0 || ioctl(tap, TUNSETIFF, &request) < 0)
		err(1, "create %s", device);
	if (offloads) {
		int header = HEADER_BYTES;
		if (ioctl(tap, TUNSETVNETHDRSZ, &header) < 0)
			err(1, "TUNSETVNETHDRSZ");
		unsigned long features = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
		if (ioctl(tap, TUNSETOFFLOAD, features) < 0)
			err(1, "TUNSETOFFLOAD");
	}

	if (setns(home, CLONE_NEWNET) < 0)
		err(1, "come back");
	close(home);
	return tap;
}
