# The front door. Each target does all of its own set-up: on a fresh Debian it installs the packages that are missing
# (for that it needs root or sudo), builds, and runs.

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz bench format check install plugin-api clean

MVN ?= mvn -B
PREFIX ?= /usr
DESTDIR ?=
BENCH ?=
FUZZ ?=

help: ## Says what there is.
	@echo 'Lanyard: virtual networks for the guests of any VMM, in user space.'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: ## Boots a guest in a throw-away daemon and ticks off what works. Needs no root, except to install packages.
	@.ci/setup demo
	@./lanyard demo

test: ## Builds, and runs every test and gate. The integration tests need root.
	@.ci/setup test
	$(MVN) -T 1C verify

fuzz: ## Fuzzes every parser by coverage, FUZZ_SECONDS=60 each, new inputs into FUZZ_CORPUS. FUZZ=PATTERN for some.
	@.ci/setup build
	$(MVN) -q process-test-classes
	@.ci/fuzz $(FUZZ)

bench: ## Measures the parts, races the peers, writes docs/performance.md. Needs root. BENCH=--quick for a short one.
	@.ci/setup bench
	@bench/run $(BENCH)

format: ## Formats the sources.
	@.ci/setup build
	$(MVN) validate -Dformat.mode=--replace -Dspotless.check.skip=true -Denforcer.skip=true
	$(MVN) spotless:apply

check: ## Compiles with every linter and checks the format; runs no test.
	@.ci/setup build
	$(MVN) verify -DskipTests -DskipITs

plugin-api: ## Makes the artifact for authors of VMM plug-ins, with its sources and documentation, in target/plugin-api.
	@.ci/setup build
	$(MVN) -q package -DskipTests -pl vmm-plugin-api -am
	@.ci/plugin-api

install: ## Installs below $(DESTDIR)$(PREFIX): the program, its completion, its unit and the sample configuration.
	@.ci/setup build
	$(MVN) package -DskipTests
	install -d '$(DESTDIR)$(PREFIX)/lib/lanyard/lib/pcap' '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/doc/lanyard/docs/adr' \
	  '$(DESTDIR)/etc/lanyard' '$(DESTDIR)$(PREFIX)/lib/systemd/system'
	# Two versions of a module would not start.
	rm -f '$(DESTDIR)$(PREFIX)/lib/lanyard/lib/'*.jar '$(DESTDIR)$(PREFIX)/lib/lanyard/lib/pcap/'*.jar
	install -m 644 cli/target/lanyard/lib/*.jar '$(DESTDIR)$(PREFIX)/lib/lanyard/lib/'
	install -m 644 cli/target/lanyard/lib/pcap/*.jar '$(DESTDIR)$(PREFIX)/lib/lanyard/lib/pcap/'
	install -m 755 lanyard '$(DESTDIR)$(PREFIX)/lib/lanyard/lanyard'
	install -m 755 lanyard-extcap '$(DESTDIR)$(PREFIX)/lib/lanyard/lanyard-extcap'
	ln -sf ../lib/lanyard/lanyard '$(DESTDIR)$(PREFIX)/bin/lanyard'
	# By way of a file: a pipe would hide that the script could not be made.
	LANYARD_NO_AOT=1 ./lanyard completion >cli/target/completion
	install -D -m 644 cli/target/completion '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/lanyard'
	[ -e '$(DESTDIR)/etc/lanyard/lanyard.yaml' ] || install -m 644 config/etc/lanyard.yaml '$(DESTDIR)/etc/lanyard/'
	install -m 644 config/src/main/resources/io/lanyard/config/lanyard.schema.json '$(DESTDIR)/etc/lanyard/'
	sed 's#/usr/\(bin/lanyard\|share/doc\)#$(PREFIX)/\1#' config/systemd/lanyard.service \
	  | install -m 644 /dev/stdin '$(DESTDIR)$(PREFIX)/lib/systemd/system/lanyard.service'
	install -m 644 README.md CHANGELOG.md '$(DESTDIR)$(PREFIX)/share/doc/lanyard/'
	install -m 644 docs/*.md '$(DESTDIR)$(PREFIX)/share/doc/lanyard/docs/'
	install -m 644 docs/adr/*.md '$(DESTDIR)$(PREFIX)/share/doc/lanyard/docs/adr/'

clean: ## Removes what was built.
	$(MVN) clean -Dformat.skip=true
