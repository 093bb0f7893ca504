/* A guest without a VMM, for switches that speak QEMU's stream framing: joins a TAP device to a UNIX stream socket. A
 * frame on the socket is its length as a big-endian u32, then its bytes.
 *
 *   framejoin NETNS SOCKET      the device is named t0 */
#include "netns_tap.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

static int tap, stream;

static void *stream_to_tap(void *unused)
{
	(void)unused;
	size_t size = 1 << 20, begin = 0, end = 0;
	unsigned char *bytes = malloc(size);
	if (!bytes)
		err(1, "memory");
	for (;;) {
		uint32_t length;
		while (end - begin >= sizeof length) {
			memcpy(&length, bytes + begin, sizeof length);
			length = ntohl(length);
			if (length > FRAME_BYTES)
				errx(1, "a frame of %u bytes", length);
			if (end - begin < sizeof length + length)
				break;
			/* A frame that the device does not take is lost. */
			(void)!write(tap, bytes + begin + sizeof length, length);
			begin += sizeof length + length;
		}
		memmove(bytes, bytes + begin, end - begin);
		end -= begin;
		begin = 0;
		ssize_t got = read(stream, bytes + end, size - end);
		if (got <= 0)
			err(1, "the stream ended");
		end += got;
	}
}

static void tap_to_stream(void)
{
	unsigned char *frame = malloc(FRAME_BYTES);
	if (!frame)
		err(1, "memory");
	for (;;) {
		ssize_t length = read(tap, frame, FRAME_BYTES);
		if (length <= 0)
			err(1, "read");
		uint32_t prefix = htonl(length);
		struct iovec parts[] = { { &prefix, sizeof prefix }, { frame, length } };
		struct iovec *part = parts;
		int left = 2;
		while (left > 0) {
			ssize_t sent = writev(stream, part, left);
			if (sent < 0)
				err(1, "the stream ended");
			while (left > 0 && (size_t)sent >= part->iov_len) {
				sent -= part->iov_len;
				part++;
				left--;
			}
			if (left > 0) {
				part->iov_base = (char *)part->iov_base + sent;
				part->iov_len -= sent;
			}
		}
	}
}

int main(int count, char **arguments)
{
	if (count != 3)
		errx(2, "usage: framejoin NETNS SOCKET");
	tap = netns_tap(arguments[1], "t0", 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(arguments[2]) >= sizeof address.sun_path)
		errx(2, "the socket's path is too long");
	strcpy(address.sun_path, arguments[2]);
	stream = socket(AF_UNIX, SOCK_STREAM, 0);
	if (stream < 0 || connect(stream, (struct sockaddr *)&address, sizeof address) < 0)
		err(1, "connect %s", arguments[2]);
	pthread_t thread;
	if (pthread_create(&thread, NULL, stream_to_tap, NULL))
		errx(1, "no thread");
	tap_to_stream();
}
