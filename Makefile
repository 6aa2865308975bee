# SPDX-License-Identifier: MIT
#
# make                  the libraries, in target/c/lib
# make demo             builds, stages an install, and shows the example programs at work
# make test             every test that a Rust toolchain, a C compiler, make and pkg-config can run
# make install          PREFIX= DESTDIR=     liburing_rs, for programs that choose it
# make install-dropin   PREFIX= DESTDIR=     the same library under liburing's names
# make header           regenerates include/uring.h from the exported functions
# make header-check     fails where include/uring.h is not what `make header` would write
# make bench            speed: both backends, liburing, and the alternatives, in turns; takes a quarter of an hour
# make bench-quick      the same in two minutes

VERSION := 2.15
SOVERSION := 2

CARGO ?= cargo
CC ?= cc
AR ?= ar
LD ?= ld
OBJCOPY ?= objcopy
INSTALL ?= install

PREFIX ?= /usr/local
INCLUDEDIR ?= $(PREFIX)/include
LIBDIR ?= $(PREFIX)/lib
PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
DESTDIR ?=

# A Rust target triple to build for, and the tools that go with it (CC, LD, AR, OBJCOPY).
TARGET ?=

BUILD := target/c$(if $(TARGET),-$(TARGET))
OUT := $(BUILD)/lib
RUST_LIB := $(BUILD)/$(if $(TARGET),$(TARGET)/)release/liburing_rs.a

RUST_SOURCES := Cargo.toml $(wildcard Cargo.lock build.rs) $(shell find src -name '*.rs')
HEADERS := $(shell find include -name '*.h')

# Library names, and the symbol-version map each of them is linked with.
NAMES := uring_rs uring uring-ffi
MAP_uring_rs := uring_rs.map
MAP_uring := liburing.map
MAP_uring-ffi := liburing-ffi.map

SHARED := $(foreach name,$(NAMES),$(OUT)/lib$(name).so.$(VERSION))
STATIC := $(foreach name,$(NAMES),$(OUT)/lib$(name).a)

.PHONY: all
all: $(SHARED) $(STATIC)

# -------------------------------------------------------------------------------------------------------------- libraries

# The Rust part: one static library, without std. Cargo's own cdylib would have no symbol versions (its linker call ignores a
# version script given by a build script), so the shared libraries are linked below.
$(RUST_LIB): $(RUST_SOURCES)
	$(CARGO) rustc --release --lib --crate-type staticlib --no-default-features --target-dir $(BUILD) $(if $(TARGET),--target $(TARGET))
	@touch $@

$(OUT)/.dir:
	@mkdir -p $(OUT) && touch $@

# Three libraries of the same code that differ in soname and exports. --no-undefined-version: a function in the map that is not in the
# library is an error. -z nodelete: threads of the library must not outlive their code.
$(OUT)/lib%.so.$(VERSION): $(RUST_LIB) $(OUT)/.dir uring_rs.map liburing.map liburing-ffi.map Makefile
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,lib$*.so.$(SOVERSION) \
	  -Wl,--version-script=$(MAP_$*) -Wl,--no-undefined-version -Wl,-z,defs -Wl,-z,relro,-z,now -Wl,-z,nodelete \
	  -Wl,--gc-sections -Wl,--strip-debug \
	  -Wl,--whole-archive $(RUST_LIB) -Wl,--no-whole-archive -Wl,--as-needed -lc -o $@
	@ln -sf $(@F) $(OUT)/lib$*.so.$(SOVERSION)
	@ln -sf lib$*.so.$(SOVERSION) $(OUT)/lib$*.so

# The names that a map exports, one a line. Precious: make would take them away again as mere intermediates.
.PRECIOUS: $(OUT)/%.exports
$(OUT)/%.exports: %.map $(OUT)/.dir
	@sed -n 's/^ *\([A-Za-z_][A-Za-z0-9_]*\);$$/\1/p' $< > $@

EXPORTS_uring_rs := $(OUT)/uring_rs.exports
EXPORTS_uring := $(OUT)/liburing.exports
EXPORTS_uring-ffi := $(OUT)/liburing-ffi.exports

# One object in which only the public names are global: Rust's own symbols cannot clash with those of another Rust library.
$(OUT)/lib%.a: $(RUST_LIB) $(EXPORTS_uring_rs) $(EXPORTS_uring) $(EXPORTS_uring-ffi) Makefile
	$(LD) -r --gc-sections $$(sed 's/^/-u /' $(EXPORTS_$*)) -o $(OUT)/$*.o $(RUST_LIB)
	$(OBJCOPY) --keep-global-symbols=$(EXPORTS_$*) --strip-debug $(OUT)/$*.o
	@rm -f $@
	$(AR) rcsD $@ $(OUT)/$*.o

# ----------------------------------------------------------------------------------------------------------------- header

.PHONY: header
header:
	URING_HEADER_OUT=$(CURDIR)/include/uring.h $(CARGO) check --quiet --lib --features header --target-dir target/header

.PHONY: header-check
header-check:
	@rm -f target/header/uring.h
	URING_HEADER_OUT=$(CURDIR)/target/header/uring.h $(CARGO) check --quiet --lib --features header --target-dir target/header
	@cmp target/header/uring.h include/uring.h || { echo "include/uring.h is stale: run make header" >&2; exit 1; }

# ---------------------------------------------------------------------------------------------------------------- install

# $(call install_library,NAME): shared library with its links, static library.
define install_library
	$(INSTALL) -d $(DESTDIR)$(LIBDIR) $(DESTDIR)$(PKGCONFIGDIR)
	$(INSTALL) -m 755 $(OUT)/lib$(1).so.$(VERSION) $(DESTDIR)$(LIBDIR)/
	ln -sf lib$(1).so.$(VERSION) $(DESTDIR)$(LIBDIR)/lib$(1).so.$(SOVERSION)
	ln -sf lib$(1).so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/lib$(1).so
	$(INSTALL) -m 644 $(OUT)/lib$(1).a $(DESTDIR)$(LIBDIR)/
endef

# $(call install_pc,FILE): a pkg-config file with the directories filled in.
define install_pc
	sed -e 's|@prefix@|$(PREFIX)|' -e 's|@includedir@|$(INCLUDEDIR)|' -e 's|@libdir@|$(LIBDIR)|' -e 's|@version@|$(VERSION)|' \
	  pkgconfig/$(1).in > $(DESTDIR)$(PKGCONFIGDIR)/$(1)
endef

# $(call install_headers,DIRECTORY): liburing/, and uring/ beside uring.h.
define install_headers
	$(INSTALL) -d $(1)/liburing/io_uring
	$(INSTALL) -m 644 include/liburing/*.h $(1)/liburing/
	$(INSTALL) -m 644 include/liburing/io_uring/*.h $(1)/liburing/io_uring/
endef

.PHONY: install
install: all
	$(call install_library,uring_rs)
	$(call install_pc,uring_rs.pc)
	$(call install_headers,$(DESTDIR)$(INCLUDEDIR)/uring_rs)
	$(INSTALL) -d $(DESTDIR)$(INCLUDEDIR)/uring_rs/uring
	$(INSTALL) -m 644 include/uring/*.h $(DESTDIR)$(INCLUDEDIR)/uring_rs/uring/
	$(INSTALL) -m 644 include/*.h $(DESTDIR)$(INCLUDEDIR)/uring_rs/

# Only names that liburing has too: uring.h goes into liburing/ and liburing.h includes it there.
.PHONY: install-dropin
install-dropin: all
	$(call install_library,uring)
	$(call install_library,uring-ffi)
	$(call install_pc,liburing.pc)
	$(call install_pc,liburing-ffi.pc)
	$(call install_headers,$(DESTDIR)$(INCLUDEDIR))
	$(INSTALL) -d $(DESTDIR)$(INCLUDEDIR)/liburing/uring
	$(INSTALL) -m 644 include/uring/*.h $(DESTDIR)$(INCLUDEDIR)/liburing/uring/
	$(INSTALL) -m 644 include/uring.h $(DESTDIR)$(INCLUDEDIR)/liburing/
	sed 's|"uring.h"|"liburing/uring.h"|' include/liburing.h > $(DESTDIR)$(INCLUDEDIR)/liburing.h

# $(call uninstall_library,NAME,PC)
define uninstall_library
	rm -f $(foreach suffix,so so.$(SOVERSION) so.$(VERSION) a,$(DESTDIR)$(LIBDIR)/lib$(1).$(suffix)) $(DESTDIR)$(PKGCONFIGDIR)/$(2)
endef

.PHONY: uninstall
uninstall:
	$(call uninstall_library,uring_rs,uring_rs.pc)
	rm -rf $(DESTDIR)$(INCLUDEDIR)/uring_rs

.PHONY: uninstall-dropin
uninstall-dropin:
	$(call uninstall_library,uring,liburing.pc)
	$(call uninstall_library,uring-ffi,liburing-ffi.pc)
	rm -rf $(DESTDIR)$(INCLUDEDIR)/liburing $(DESTDIR)$(INCLUDEDIR)/liburing.h

# ------------------------------------------------------------------------------------------------------------- demo, tests

# Install trees that the demo and the tests use: what they see is what a user gets.
STAGE := $(CURDIR)/target/stage
STAGE_DROPIN := $(CURDIR)/target/stage-dropin

.PHONY: stage
stage: $(STAGE)/.done $(STAGE_DROPIN)/.done

$(STAGE)/.done: $(SHARED) $(STATIC) $(HEADERS) $(wildcard pkgconfig/*) Makefile
	@rm -rf $(STAGE)
	@$(MAKE) --no-print-directory -s install PREFIX=$(STAGE) DESTDIR=
	@touch $@

$(STAGE_DROPIN)/.done: $(SHARED) $(STATIC) $(HEADERS) $(wildcard pkgconfig/*) Makefile
	@rm -rf $(STAGE_DROPIN)
	@$(MAKE) --no-print-directory -s install-dropin PREFIX=$(STAGE_DROPIN) DESTDIR=
	@touch $@

.PHONY: demo
demo: stage
	sh examples-c/demo.sh

.PHONY: test
test: stage
	$(CARGO) test

# Other people's programs and liburing's own test suite on this library; needs the network and Debian's apt. See docs/dropin.md.
.PHONY: dropin-suite
dropin-suite: stage
	c-tests/dropin/run.sh

# ------------------------------------------------------------------------------------------------------------- benchmarks

# The driver is a crate of its own with its own dependencies; see docs/benchmarks.md. BENCH= gives it options.
BENCH ?=
BENCH_DRIVER := target/bench/release/uring_bench

.PHONY: bench-driver
bench-driver:
	@$(CARGO) build --quiet --release --locked --manifest-path bench/Cargo.toml --target-dir target/bench

.PHONY: bench
bench: stage bench-driver bench-instructions
	$(BENCH_DRIVER) $(BENCH)

.PHONY: bench-quick
bench-quick: stage bench-driver
	$(BENCH_DRIVER) --quick $(BENCH)

# Whether every workload works, not how fast it is.
.PHONY: bench-smoke
bench-smoke: stage bench-driver
	$(BENCH_DRIVER) --smoke $(BENCH)

# 77: nothing to count with or to compare with, as the script has said.
.PHONY: bench-instructions
bench-instructions: stage
	@bench/instructions.sh || [ $$? -eq 77 ]

.PHONY: clean
clean:
	rm -rf target
