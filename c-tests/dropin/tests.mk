# SPDX-License-Identifier: MIT
# Builds the test programs of a liburing tree against one library. build.sh calls it once per library, with
#   TREE  configured source tree      INC, LIB  where that library's liburing.h and liburing.so are
#   OUT   where the programs go       HERE      this directory          TESTS  names, without a suffix
#   ARCHIVE  a static library to link to instead of liburing.so
# The flags are those of the tree's own test Makefile, save that -I names the library under test and not the tree.

TEST_CFLAGS ?= -O2 -g
CC ?= cc
CXX ?= c++

flags = -D_GNU_SOURCE -D__SANE_USERSPACE_TYPES__ -D_LARGEFILE_SOURCE -D_FILE_OFFSET_BITS=64 -DLIBURING_BUILD_TEST \
	-I$(INC) -include $(TREE)/config-host.h -MD -MP $(TEST_CFLAGS) -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare
libs = $(or $(ARCHIVE),-L$(LIB) -luring) -lpthread
objects = $(OUT)/helpers.o $(OUT)/internals.o
programs = $(TESTS:%=$(OUT)/%.t)

# make forgets nothing between runs: changed flags, compiler or tree rebuild everything.
stamp := $(OUT)/flags
signature := $(CC) $(CXX) $(flags) $(libs)
$(shell mkdir -p $(OUT); printf '%s\n' '$(signature)' | cmp -s - $(stamp) || printf '%s\n' '$(signature)' > $(stamp))

all: $(programs)

$(OUT)/helpers.o: $(TREE)/test/helpers.c $(stamp)
	$(CC) $(flags) -c -o $@ $< > $@.log 2>&1

$(OUT)/internals.o: $(HERE)/internals.c $(stamp)
	$(CC) $(flags) -c -o $@ $< > $@.log 2>&1

# A test that does not build is a line in the table, not the end of the run; its log says why.
$(OUT)/%.t: $(TREE)/test/%.c $(objects) $(stamp) $(ARCHIVE)
	@rm -f $@
	$(CC) $(flags) -o $@ $< $(objects) $(libs) > $@.log 2>&1

$(OUT)/%.t: $(TREE)/test/%.cc $(objects) $(stamp) $(ARCHIVE)
	@rm -f $@
	$(CXX) $(flags) -std=c++11 -o $@ $< $(objects) $(libs) > $@.log 2>&1

-include $(wildcard $(OUT)/*.d)

.PHONY: all
