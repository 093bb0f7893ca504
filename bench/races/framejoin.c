/* A guest without a VMM: joins a TAP device to a UNIX stream socket. A frame on the socket is its length, then its bytes.
 * The length is a big-endian u32 as QEMU has it, or, on a connection that was asked for by HTTP, a little-endian u16 as
 * gvproxy has it.
 *
 *   framejoin NETNS SOCKET [PATH]      the device is named t0; PATH is posted to, and is not answered */
#include "netns_tap.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

static int tap, stream;
static size_t prefix_length = 4;

static uint32_t get_length(const unsigned char *at)
{
	if (prefix_length == 2)
		return at[0] | at[1] << 8;
	uint32_t length;
	memcpy(&length, at, sizeof length);
	return ntohl(length);
}

static void put_length(unsigned char *at, uint32_t length)
{
	if (prefix_length == 2) {
		at[0] = length;
		at[1] = length >> 8;
	} else {
		length = htonl(length);
		memcpy(at, &length, sizeof length);
	}
}

static void *stream_to_tap(void *unused)
{
	(void)unused;
	size_t size = 1 << 20, begin = 0, end = 0;
	unsigned char *bytes = malloc(size);
	if (!bytes)
		err(1, "memory");
	for (;;) {
		while (end - begin >= prefix_length) {
			uint32_t length = get_length(bytes + begin);
			if (length > FRAME_BYTES)
				errx(1, "a frame of %u bytes", length);
			if (end - begin < prefix_length + length)
				break;
			/* A frame that the device does not take is lost. */
			(void)!write(tap, bytes + begin + prefix_length, length);
			begin += prefix_length + length;
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
		unsigned char prefix[4];
		put_length(prefix, length);
		struct iovec parts[] = { { prefix, prefix_length }, { frame, length } };
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
	if (count != 3 && count != 4)
		errx(2, "usage: framejoin NETNS SOCKET [PATH]");
	tap = netns_tap(arguments[1], "t0", 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(arguments[2]) >= sizeof address.sun_path)
		errx(2, "the socket's path is too long");
	strcpy(address.sun_path, arguments[2]);
	stream = socket(AF_UNIX, SOCK_STREAM, 0);
	if (stream < 0 || connect(stream, (struct sockaddr *)&address, sizeof address) < 0)
		err(1, "connect %s", arguments[2]);
	if (count == 4) {
		prefix_length = 2;
		if (dprintf(stream, "POST %s HTTP/1.0\r\nHost: guest\r\n\r\n", arguments[3]) < 0)
			err(1, "post to %s", arguments[2]);
	}
	pthread_t thread;
	if (pthread_create(&thread, NULL, stream_to_tap, NULL))
		errx(1, "no thread");
	tap_to_stream();
}
