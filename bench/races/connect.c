/* Connections that are made, answered by a byte, and reset, so that nothing waits behind them.
 *
 *   connect serve ADDRESS PORT             answers, until it is ended
 *   connect ask ADDRESS PORT SECONDS       asks from eight threads; prints how many connections a second were answered */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ASKERS = 8, SERVERS = 16 };

static struct addrinfo *place;
static int listener;
static double end;
static atomic_long answered, failed;

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void reset(int s)
{
	struct linger none = {.l_onoff = 1, .l_linger = 0};
	setsockopt(s, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	close(s);
}

static void *serve(void *unused)
{
	(void)unused;
	for (;;) {
		char byte;
		int s = accept(listener, NULL, NULL);
		if (s < 0)
			continue;
		if (read(s, &byte, 1) == 1 && write(s, &byte, 1) == 1)
			(void)!read(s, &byte, 1);
		reset(s);
	}
	return NULL;
}

static void *ask(void *unused)
{
	(void)unused;
	while (now() < end) {
		char byte = '?';
		int s = socket(place->ai_family, SOCK_STREAM, 0);
		if (s < 0)
			err(1, "socket");
		struct timeval most = {.tv_sec = 2};
		setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
		setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
		if (!connect(s, place->ai_addr, place->ai_addrlen) && write(s, &byte, 1) == 1 && read(s, &byte, 1) == 1)
			answered++;
		else
			failed++;
		reset(s);
	}
	return NULL;
}

int main(int count, char **words)
{
	int serves = count == 4 && !strcmp(words[1], "serve");
	if (!serves && !(count == 5 && !strcmp(words[1], "ask")))
		errx(2, "usage: connect serve ADDRESS PORT | connect ask ADDRESS PORT SECONDS");
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	int problem = getaddrinfo(words[2], words[3], &hints, &place);
	if (problem)
		errx(1, "%s: %s", words[2], gai_strerror(problem));
	int threads = serves ? SERVERS : ASKERS;
	pthread_t all[SERVERS];
	if (serves) {
		int on = 1;
		listener = socket(place->ai_family, SOCK_STREAM, 0);
		setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
		if (bind(listener, place->ai_addr, place->ai_addrlen) || listen(listener, 1024))
			err(1, "listen");
	}
	double seconds = serves ? 0 : atof(words[4]), begin = now();
	end = begin + seconds;
	for (int i = 0; i < threads; i++)
		if (pthread_create(&all[i], NULL, serves ? serve : ask, NULL))
			errx(1, "thread");
	for (int i = 0; i < threads; i++)
		pthread_join(all[i], NULL);
	printf("%.0f %ld\n", answered / (now() - begin), failed);
	return 0;
}
