/* What the system calls alone cost: frames go from one TAP device to another, a thread for each way, one read and one
 * write a frame, and nothing is looked at. A switch in user space can hardly be faster.
 *
 *   tapfwd plain|offload NETNS-A NETNS-B      both devices are named t0 */
#include "netns_tap.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct way {
	int from, to;
};

static void *forward(void *argument)
{
	const struct way *way = argument;
	unsigned char *frame = malloc(FRAME_BYTES);
	if (!frame)
		err(1, "memory");
	for (;;) {
		ssize_t length = read(way->from, frame, FRAME_BYTES);
		if (length < 0) {
			if (errno == EINTR)
				continue;
			err(1, "read");
		}
		/* The other device is down or its queue is full: a frame is lost, as on any switch. */
		if (write(way->to, frame, length) < 0 && errno == EBADF)
			err(1, "write");
	}
}

int main(int count, char **arguments)
{
	if (count != 4 || (strcmp(arguments[1], "plain") && strcmp(arguments[1], "offload")))
		errx(2, "usage: tapfwd plain|offload NETNS-A NETNS-B");
	int offloads = !strcmp(arguments[1], "offload");
	int a = netns_tap(arguments[2], "t0", offloads);
	int b = netns_tap(arguments[3], "t0", offloads);
	struct way there = { a, b }, back = { b, a };
	pthread_t thread;
	if (pthread_create(&thread, NULL, forward, &there))
		errx(1, "no thread");
	forward(&back);
}
