# luot: a visitor counter and analytics daemon. `make run` starts it, `make check` tests it.
#
# make run      install what is missing, build, and run luotd on its embedded default
# make check    install what testing needs, then pass every test (what CI runs)
# make build    build everything into build/; never installs anything but npm packages, into conf/lists
# make unit     unit tests only                    (T=base/zone: one of them)
# make stress   races, forced schedules, kill -9   (thread sanitizer)
# make mutants  each protocol with one line taken out: its stress test must fail
# make e2e      the real luotd over real sockets
# make soak     the long forms: 1,000 kills, 500 power cuts, 72 hours, a night (an hour or so; SOAK=night: one of them)
# make browser  the pages in a real browser
# make pictures README's pictures anew, of the real daemon
# make fuzz     fuzz each parser for FUZZ_SECONDS  (default 60); seeds replay in `make check`
# make data-report  what is made of the corpus's User-Agents, beside what was aimed at
# make lint     format, floors, static analysis, shell
# make bench    luotd beside its peers, in ten minutes; see bench/README.md  (T=scale, T=store, T=live; T=distinct: one micro bench; T=all)
# make install  to DESTDIR and PREFIX
# make staged   install libluot under build/ and build its example against that, as another program would
# make clean    remove build/
# make help     this list

BUILD  ?= build
CC     ?= gcc
SAN    ?=
VERSION ?= 0.1.0
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
LLHTTP_DIR ?= /usr/share/llhttp
LLHTTP_INCLUDE ?= /usr/share/include/llhttp
FUZZ_SECONDS ?= 60
JOBS ?= $(shell nproc)

ifeq ($(origin CC),default)
CC = gcc
endif

UV_LIBS     = -luv
CORE_LIBS   = -lsodium -lsqlite3 -lhiredis -linih -lmaxminddb -lpsl -lhs -lpcre2-8 -lz -lm -lpthread

WARN = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
       -Wcast-qual -Wwrite-strings -Wvla -Wformat=2 -Wno-format-nonliteral -Wundef
OPT  ?= -O2
CFLAGS_ALL = -std=c17 -D_GNU_SOURCE $(OPT) -g -fno-omit-frame-pointer -fPIC $(WARN) \
             -Idaemon -Iinclude -I$(LLHTTP_INCLUDE) -I$(BUILD)/gen $(CFLAGS)
LTO_LINK = -fno-lto
LDFLAGS_ALL = $(LTO_LINK) $(LDFLAGS)
# What is tested is compiled as it is shipped; a unit test is run once, and to optimise it takes four times as long as to compile it.
# With a sanitizer GNU's linker takes three times as long as lld, and two hundred programs are linked.
LLD := $(if $(shell command -v ld.lld),-fuse-ld=lld)
CFLAGS_UNIT = $(CFLAGS_ALL) -O0 $(LLD)
ifeq ($(SAN),address)
CFLAGS_ALL += -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS_ALL += -fsanitize=address,undefined $(LLD)
endif
ifeq ($(SAN),thread)
CFLAGS_ALL += -fsanitize=thread
LDFLAGS_ALL += -fsanitize=thread $(LLD)
endif
ifneq ($(findstring clang,$(CC)),)
CFLAGS_ALL += -Wno-gnu-zero-variadic-macro-arguments
endif

CORE_SRC   = $(wildcard daemon/base/*.c daemon/parse/*.c daemon/identify/*.c daemon/count/*.c \
                        daemon/store/*.c daemon/report/*.c) $(wildcard daemon/pipeline*.c)
DAEMON_SRC = $(wildcard daemon/net/*.c daemon/answer/*.c daemon/keep/*.c) \
             $(filter-out daemon/pipeline%.c,$(wildcard daemon/*.c))
CTL_SRC    = $(wildcard client/luotctl*.c client/import*.c)
LIB_SRC    = $(wildcard client/luot.c client/luot_*.c)
LLHTTP_SRC = $(LLHTTP_DIR)/llhttp.c $(LLHTTP_DIR)/api.c $(LLHTTP_DIR)/http.c

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
CORE_OBJ   = $(call obj,$(CORE_SRC)) $(patsubst $(LLHTTP_DIR)/%.c,$(BUILD)/obj/llhttp/%.o,$(LLHTTP_SRC))
DAEMON_OBJ = $(call obj,$(DAEMON_SRC))
NET_OBJ    = $(call obj,$(wildcard daemon/net/*.c))
KEEP_OBJ   = $(call obj,$(wildcard daemon/keep/*.c))
NET_TEST_OBJ = $(call obj,tests/net/served.c)
CTL_OBJ    = $(call obj,$(CTL_SRC))
CTL_LIBS   = -ljansson
LIB_OBJ    = $(call obj,$(LIB_SRC))

UNIT_SRC   = $(sort $(wildcard tests/*/test_*.c tests/test_*.c))
UNIT_SRC  := $(filter-out tests/stress/% tests/fuzz/% tests/e2e/%,$(UNIT_SRC))
UNIT_BIN   = $(patsubst tests/%.c,$(BUILD)/tests/%,$(UNIT_SRC))
TEST_LIB_SRC = $(wildcard tests/lib/*.c)
# An archive: a stress test takes from it only what it calls, and nothing that needs Criterion.
TEST_LIB_OBJ = $(BUILD)/libtests.a
STRESS_SRC = $(wildcard tests/stress/stress_*.c)
STRESS_BIN = $(patsubst tests/%.c,$(BUILD)/tests/%,$(STRESS_SRC))
FUZZ_SRC   = $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_BIN   = $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))

.DEFAULT_GOAL := build
.PHONY: build help clean lib unit stress races alone soak soak-stress bench install install-lib staged mutants \
        run check lint conf data-report fuzz seeds e2e browser pictures check-gcc check-clang check-thread
.DELETE_ON_ERROR:
.SECONDARY:

help:
	@sed -n 's/^# \{0,1\}//;/^make/p' Makefile | sed '/^$$/d'

build: $(BUILD)/luotd $(BUILD)/luotctl $(BUILD)/libluotcore.a $(BUILD)/libluot.a $(BUILD)/libluot.so $(BUILD)/example

lib: $(BUILD)/libluotcore.a

$(BUILD)/libluotcore.a: $(CORE_OBJ)
	@rm -f $@
	ar rcs $@ $(CORE_OBJ)

# A beacon goes through all floors, so luotd is optimised over all of its files at once, which is a fifteenth of a beacon's
# time. Everything else is linked of the same objects as they are. What has an .incbin in it is for the assembler alone.
LTO := $(if $(SAN),,$(shell $(CC) -flto=auto -ffat-lto-objects -Werror -x c -c /dev/null -o /dev/null 2>/dev/null && echo -flto=auto))
$(CORE_OBJ) $(DAEMON_OBJ): CFLAGS_ALL += $(if $(LTO),$(LTO) -ffat-lto-objects)
$(foreach o,report/assets identify/agent_built_in identify/referrer_list_builtin,$(BUILD)/obj/daemon/$(o).o): CFLAGS_ALL += -fno-lto

$(BUILD)/luotd: private LTO_LINK = $(LTO)
$(BUILD)/luotd: $(DAEMON_OBJ) $(BUILD)/libluotcore.a
	$(CC) $(OPT) $(DAEMON_OBJ) $(BUILD)/libluotcore.a $(LDFLAGS_ALL) $(UV_LIBS) $(CORE_LIBS) -o $@

$(BUILD)/obj/daemon/main.o $(BUILD)/obj/daemon/joints.o: CFLAGS_ALL += -DLUOT_VERSION='"$(VERSION)"'

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

# The front-end's files are in the program, as they are, gzipped, and in Brotli, a tenth smaller, which browsers take over https. -MMD does not see .incbin, so the object says what it needs.
ASSETS = luot.js widget.js widget.css frame.css widget.html snippet.js snippet.css snippet.html privacy.css \
         dashboard.js uplot.js dashboard.css dashboard.html dashboard.txt icon.svg
ASSET_DIR = $(BUILD)/gen/asset/
ASSET_FILES = $(foreach a,$(ASSETS),$(ASSET_DIR)$(a) $(ASSET_DIR)$(a).gz $(ASSET_DIR)$(a).br)
$(BUILD)/obj/daemon/report/assets.o: $(ASSET_FILES)
CFLAGS_ALL += -DASSET_DIR='"$(ASSET_DIR)"'

$(ASSET_DIR)%.gz: $(ASSET_DIR)%
	gzip -9nc $< >$@

$(ASSET_DIR)%.br: $(ASSET_DIR)% client/brotli.mjs
	node client/brotli.mjs <$< >$@

# Comments and long names are for us, not for an old phone: 1.5 KB on the wire with esbuild, 3.1 KB where it is missing.
$(ASSET_DIR)luot.js: client/luot.js
	@mkdir -p $(@D)
	if command -v esbuild >/dev/null; then esbuild --minify --target=es5 --charset=utf8 $< >$@; else cp $< $@; fi

# The target keeps colours in words that an old phone's browser knows.
STYLE = if command -v esbuild >/dev/null; then esbuild --minify --loader=css --target=chrome49 --charset=utf8; else cat; fi
$(ASSET_DIR)widget.css: client/widget.css
	@mkdir -p $(@D)
	cat $^ | $(STYLE) >$@
$(ASSET_DIR)frame.css: client/widget.css client/frame.css
	@mkdir -p $(@D)
	cat $^ | $(STYLE) >$@

# The dashboard is a script and a style sheet, made of client/dashboard and npm packages, and uPlot; their licences go with them.
DASHBOARD_PACKAGES = client/dashboard/node_modules/.package-lock.json
BUNDLE = esbuild --bundle --minify --charset=utf8 --target=es2020 --log-level=warning --legal-comments=none

$(DASHBOARD_PACKAGES): client/dashboard/package-lock.json
	@echo "luot's dashboard is made from packages that are not here. They are installed by:"
	@echo "  npm ci --prefix client/dashboard --no-audit --no-fund"
	@npm ci --prefix client/dashboard --no-audit --no-fund --ignore-scripts || { echo "Without a network: run that where there is one," \
	  "and copy client/dashboard/node_modules here."; exit 69; }
	@touch $@

$(ASSET_DIR)dashboard.js: client/dashboard/main.js $(wildcard client/dashboard/*.js) $(DASHBOARD_PACKAGES)
	@mkdir -p $(@D)
	$(BUNDLE) --format=iife $< --outfile=$@

$(ASSET_DIR)dashboard.css: client/dashboard/dashboard.css $(DASHBOARD_PACKAGES)
	@mkdir -p $(@D)
	$(BUNDLE) $< --outfile=$@

$(ASSET_DIR)uplot.js: $(DASHBOARD_PACKAGES)
	@mkdir -p $(@D)
	@cp client/dashboard/node_modules/uplot/dist/uPlot.iife.min.js $@

$(ASSET_DIR)dashboard.txt: $(DASHBOARD_PACKAGES)
	@mkdir -p $(@D)
	cd client/dashboard/node_modules && for p in preact htm uplot; do echo "== $$p"; cat $$p/LICENSE; echo; done >$(abspath $@)

$(ASSET_DIR)%: client/dashboard/%
	@mkdir -p $(@D)
	@cp $< $@

$(ASSET_DIR)%: client/%
	@mkdir -p $(@D)
	@cp $< $@

# Lists of what is known of the web are made from npm packages, whose versions are in conf/lists/package-lock.json. Like assets they are in
# the program.
LIST_DIR = $(BUILD)/gen/lists/
CFLAGS_ALL += -DLIST_DIR='"$(LIST_DIR)"'
LIST_PACKAGES = conf/lists/node_modules/.package-lock.json
$(BUILD)/obj/daemon/identify/referrer_list_builtin.o: $(LIST_DIR)referrers.list
$(BUILD)/obj/daemon/identify/agent_built_in.o: $(LIST_DIR)agents.list $(LIST_DIR)bots.list $(LIST_DIR)agents.scan

$(LIST_PACKAGES): conf/lists/package-lock.json
	@echo "luot's lists are made from packages that are not here. They are installed by:"
	@echo "  npm ci --prefix conf/lists --no-audit --no-fund"
	@npm ci --prefix conf/lists --no-audit --no-fund --ignore-scripts || { echo "Without a network: run that where there is one," \
	  "and copy conf/lists/node_modules here."; exit 69; }
	@touch $@

$(LIST_DIR)%.list: conf/lists/%.mjs conf/lists/%.own $(LIST_PACKAGES)
	@mkdir -p $(@D)
	node conf/lists/$*.mjs >$@

$(LIST_DIR)%.list: conf/lists/%.mjs conf/lists/%_first.rules conf/lists/%_last.rules conf/lists/lib.mjs $(LIST_PACKAGES)
	node $< $@

$(LIST_DIR)licences.txt: conf/lists/licences.mjs conf/lists/lib.mjs $(LIST_PACKAGES)
	node $< $@

# The lists of agents and bots compiled once: luotd starts in milliseconds, and needs no compiler's memory.
PREPARE_OBJ = $(call obj,conf/lists/prepare.c $(addprefix daemon/,identify/agent_digits.c identify/agent_list.c identify/agent_literal.c identify/agent_scan.c \
                identify/agent_scan_plan.c identify/agent_scan_plan_bytes.c base/slice.c base/error.c base/hash.c))
$(BUILD)/prepare: $(PREPARE_OBJ)
	$(CC) $^ $(LDFLAGS_ALL) -lhs -lsodium -o $@

$(LIST_DIR)agents.scan: $(BUILD)/prepare $(LIST_DIR)agents.list $(LIST_DIR)bots.list
	$< $(LIST_DIR)agents.list $(LIST_DIR)bots.list $@

$(BUILD)/obj/llhttp/%.o: $(LLHTTP_DIR)/%.c
	@mkdir -p $(@D)
	$(CC) -O3 -g -fPIC -I$(LLHTTP_INCLUDE) -c $< -o $@

# The country database. `make install COUNTRY_DB=` does without, and so does a machine without a network: luotd counts on, without
# countries, until geo_db names one.
COUNTRY_DB ?= $(LIST_DIR)country.mmdb
$(LIST_DIR)country.mmdb: conf/lists/country.mjs $(LIST_PACKAGES)
	@mkdir -p $(@D)
	@node conf/lists/country.mjs $@

# libluot: what other programs link. Its soname changes when a program that was built before would not work any more.
$(BUILD)/libluot.a: $(LIB_OBJ)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/libluot.so: $(LIB_OBJ) client/luot.map
	$(CC) -shared $(LIB_OBJ) -Wl,-soname,libluot.so.0 -Wl,--version-script=client/luot.map $(LDFLAGS_ALL) -lsodium -pthread -o $@
	@ln -sf libluot.so $(BUILD)/libluot.so.0

$(BUILD)/example: client/example.c $(BUILD)/libluot.so
	$(CC) -std=c99 -pedantic-errors $(WARN) -Iinclude -MMD -MP $< -L$(BUILD) -lluot $(LDFLAGS_ALL) -o $@

$(BUILD)/luotctl: $(CTL_OBJ) $(BUILD)/libluotcore.a
	$(CC) $(CTL_OBJ) $(BUILD)/libluotcore.a $(LDFLAGS_ALL) $(CTL_LIBS) $(CORE_LIBS) -o $@

# luotctl without its main.
CTL_PARTS = $(filter-out $(BUILD)/obj/client/luotctl.o,$(CTL_OBJ))
CTL_TESTS = $(patsubst tests/%.c,$(BUILD)/tests/%,tests/client/test_import.c $(wildcard tests/client/test_luotctl*.c))
$(CTL_TESTS): $(BUILD)/tests/client/%: tests/client/%.c $(TEST_LIB_OBJ) $(CTL_PARTS) $(BUILD)/libluotcore.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_UNIT) -Iclient -Itests -MMD -MP $< $(TEST_LIB_OBJ) $(CTL_PARTS) $(BUILD)/libluotcore.a $(LDFLAGS_ALL) \
	  -lcriterion $(CTL_LIBS) $(CORE_LIBS) -o $@

LUOT_TESTS = $(patsubst tests/%.c,$(BUILD)/tests/%,tests/client/test_luot.c $(wildcard tests/client/test_luot_*.c))
LUOT_TEST_OBJ = $(call obj,tests/client/wire.c)
$(LUOT_TEST_OBJ): CFLAGS_ALL += -Iclient -Itests
$(LUOT_TESTS): $(BUILD)/tests/%: tests/%.c $(LUOT_TEST_OBJ) $(TEST_LIB_OBJ) $(BUILD)/libluot.a $(BUILD)/libluotcore.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_UNIT) -Iclient -Itests -MMD -MP $< $(LUOT_TEST_OBJ) $(TEST_LIB_OBJ) $(BUILD)/libluot.a $(BUILD)/libluotcore.a $(LDFLAGS_ALL) \
	  -lcriterion $(CORE_LIBS) -o $@

$(BUILD)/tests/stress/stress_luot: tests/stress/stress_luot.c $(BUILD)/libluot.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Iclient -MMD -MP $< $(BUILD)/libluot.a $(LDFLAGS_ALL) -lsodium -pthread -o $@

# Stress tests stop threads inside count/ (hits_seam, visitors_seam), so they link count/ compiled with its seams; the archive's own
# copies are then not taken, because nothing of them is missing any more.
SEAM_SRC = $(wildcard daemon/count/*.c)
seam_obj = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(SEAM_SRC))

$(call seam_obj,seams): $(BUILD)/seams/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -DLUOT_SEAMS -MMD -MP -c $< -o $@

$(BUILD)/libluotnet.a: $(NET_OBJ)
	@rm -f $@
	ar rcs $@ $(NET_OBJ)

$(BUILD)/tests/net/%: tests/net/%.c $(NET_TEST_OBJ) $(TEST_LIB_OBJ) $(BUILD)/libluotnet.a $(BUILD)/libluotcore.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_UNIT) -Itests -MMD -MP $< $(NET_TEST_OBJ) $(TEST_LIB_OBJ) $(BUILD)/libluotnet.a $(BUILD)/libluotcore.a $(LDFLAGS_ALL) -lcriterion $(UV_LIBS) $(CORE_LIBS) -o $@

$(BUILD)/libluotanswer.a: $(call obj,$(wildcard daemon/answer/*.c))
	@rm -f $@
	ar rcs $@ $^

ANSWER_TEST_OBJ = $(call obj,tests/answer/office.c)
$(BUILD)/tests/answer/%: tests/answer/%.c $(ANSWER_TEST_OBJ) $(TEST_LIB_OBJ) $(BUILD)/libluotanswer.a $(BUILD)/libluotcore.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_UNIT) -Itests -MMD -MP $< $(ANSWER_TEST_OBJ) $(TEST_LIB_OBJ) $(BUILD)/libluotanswer.a $(BUILD)/libluotcore.a \
	  $(LDFLAGS_ALL) -lcriterion -ljansson $(CORE_LIBS) -o $@

$(BUILD)/libluotkeep.a: $(KEEP_OBJ)
	@rm -f $@
	ar rcs $@ $(KEEP_OBJ)

$(BUILD)/tests/keep/%: tests/keep/%.c $(TEST_LIB_OBJ) $(BUILD)/libluotkeep.a $(BUILD)/libluotcore.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_UNIT) -Itests -MMD -MP $< $(TEST_LIB_OBJ) $(BUILD)/libluotkeep.a $(BUILD)/libluotcore.a $(LDFLAGS_ALL) -lcriterion $(CORE_LIBS) -o $@

$(BUILD)/tests/stress/stress_net: tests/stress/stress_net.c $(BUILD)/libluotnet.a $(BUILD)/libluotcore.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Itests -MMD -MP $< $(BUILD)/libluotnet.a $(BUILD)/libluotcore.a $(LDFLAGS_ALL) $(UV_LIBS) $(CORE_LIBS) -o $@

# Counts what the hot paths ask of the heap: they must ask nothing.
$(BUILD)/tests/net/test_no_malloc: private LDFLAGS_ALL += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free
$(BUILD)/tests/test_pipeline $(BUILD)/tests/test_pipeline_log $(BUILD)/tests/test_pipeline_signed: private LDFLAGS_ALL += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free
# Makes each call in turn fail.
$(BUILD)/tests/count/test_registry_memory: private LDFLAGS_ALL += -Wl,--wrap=malloc,--wrap=calloc

$(filter-out %/stress_luot %/stress_net,$(STRESS_BIN)): $(BUILD)/tests/%: tests/%.c $(TEST_LIB_OBJ) $(call seam_obj,seams) $(BUILD)/libluotcore.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -DLUOT_SEAMS -Itests -MMD -MP $< $(TEST_LIB_OBJ) $(call seam_obj,seams) $(BUILD)/libluotcore.a \
	  $(LDFLAGS_ALL) $(CORE_LIBS) -o $@

# Mutants: NAME:test. What of count/ mentions LUOT_MUTANT_NAME is built with it, which takes one line out of a protocol; the test must then
# fail (exit 1: not a crash, not a build that broke), or it proves nothing about that line. The rest is the seams'.
MUTANTS = NO_GRACE:stress_forced_hits NO_FLOOR:stress_forced_hits \
          NO_SEAL:stress_forced_visitors NO_GRACE:stress_forced_visitors \
          NO_OPEN:stress_kill_site NO_GRACE:stress_topk

mutant_name = $(word 1,$(subst :, ,$(1)))
mutant_test = $(word 2,$(subst :, ,$(1)))
mutant_bin  = $(BUILD)/mutants/$(call mutant_name,$(1))/$(call mutant_test,$(1))
MUTATED    := $(sort $(shell grep -o 'LUOT_MUTANT_[A-Z_]*' $(SEAM_SRC)))
mutated     = $(patsubst %:LUOT_MUTANT_$(1),%,$(filter %:LUOT_MUTANT_$(1),$(MUTATED)))
mutant_obj  = $(patsubst %.c,$(BUILD)/mutants/$(1)/%.o,$(call mutated,$(1))) \
              $(filter-out $(patsubst %.c,$(BUILD)/seams/%.o,$(call mutated,$(1))),$(call seam_obj,seams))

define MUTANT
$$(BUILD)/mutants/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS_ALL) -DLUOT_SEAMS -DLUOT_MUTANT_$(1) -MMD -MP -c $$< -o $$@

$$(BUILD)/mutants/$(1)/$(2): tests/stress/$(2).c $$(TEST_LIB_OBJ) $(call mutant_obj,$(1)) $$(BUILD)/libluotcore.a
	$$(CC) $$(CFLAGS_ALL) -DLUOT_SEAMS -Itests -MMD -MP $$< $$(TEST_LIB_OBJ) $(call mutant_obj,$(1)) \
	  $$(BUILD)/libluotcore.a $$(LDFLAGS_ALL) $$(CORE_LIBS) -o $$@
endef
$(foreach m,$(MUTANTS),$(eval $(call MUTANT,$(call mutant_name,$(m)),$(call mutant_test,$(m)))))

mutants: $(foreach m,$(MUTANTS),$(call mutant_bin,$(m)))
	@for t in $^; do rv=0; timeout 300 $$t >$$t.out 2>&1 || rv=$$?; \
	  if [ $$rv -eq 1 ]; then echo "caught: $$t"; else tail -5 $$t.out; echo "NOT CAUGHT (exit $$rv): $$t"; exit 1; fi; done

$(BUILD)/tests/%: tests/%.c $(TEST_LIB_OBJ) $(BUILD)/libluotcore.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_UNIT) -Itests -MMD -MP $< $(TEST_LIB_OBJ) $(BUILD)/libluotcore.a $(LDFLAGS_ALL) -lcriterion -ljansson $(CORE_LIBS) -o $@

$(BUILD)/libtests.a: $(call obj,$(TEST_LIB_SRC))
	@rm -f $@
	ar rcs $@ $^

$(call obj,$(TEST_LIB_SRC)) $(NET_TEST_OBJ) $(ANSWER_TEST_OBJ): CFLAGS_ALL += -Itests

# A service manager in small, for tests/e2e/upgrade.test.mjs.
$(BUILD)/tests/fdholder: tests/e2e/lib/fdholder.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP $< $(LDFLAGS_ALL) -o $@

# What a machine may do to luotd: each is preloaded into whatever it was built with, and says itself which test wants it.
PRELOADS = $(patsubst tests/e2e/lib/%.c,$(BUILD)/tests/%.so,$(filter-out %/fdholder.c,$(wildcard tests/e2e/lib/*.c)))
$(PRELOADS): $(BUILD)/tests/%.so: tests/e2e/lib/%.c
	@mkdir -p $(@D)
	$(CC) -std=c17 -D_GNU_SOURCE -O2 -g -fPIC $(WARN) -shared $< -pthread -o $@

# A test that is run says nothing until it has ended, so that several can run at once; what it said stands beside it, in .out. Criterion
# passes a test whose child leaked, so what a sanitizer said is looked for.
SAID = -e LeakSanitizer -e AddressSanitizer -e ThreadSanitizer -e 'runtime error'
ran = rv=0; timeout $(1) $< $(2) >$<.out 2>&1 || rv=$$?; echo "== $<"; cat $<.out; \
      [ $$rv = 0 ] && ! grep -q $(SAID) $<.out || { echo "FAILED (exit $$rv): $<"; exit 1; }

.PHONY: FORCE
$(UNIT_BIN:=.run): %.run: % FORCE
	@$(call ran,300)

$(STRESS_BIN:=.run): %.run: % FORCE
	@$(call ran,600)

# The longest begin first, so that none ends alone.
first = $(addprefix $(BUILD)/tests/,$(1)) $(filter-out $(addprefix $(BUILD)/tests/,$(1)),$(2))

unit: $(addsuffix .run,$(if $(T),$(BUILD)/tests/$(patsubst ./%,%,$(dir $(T)))test_$(notdir $(T)),$(call first,keep/test_saver_retention,$(UNIT_BIN))))

BENCH_SRC  = $(wildcard bench/bench_*.c)
BENCH_BIN  = $(patsubst %.c,$(BUILD)/%,$(BENCH_SRC))

$(BUILD)/bench/%: bench/%.c $(BUILD)/libluotcore.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP $< $(BUILD)/libluotcore.a $(LDFLAGS_ALL) $(CORE_LIBS) -o $@

# PAIRS=1 is quick; ONLY=udp,http: some sections; JSON=FILE keeps the figures there; README=1 puts the table into bench/README.md.
# T=distinct is one micro bench, and installs nothing.
BENCH_TOOLS = $(addprefix $(BUILD)/bench/,load sink bench_pipeline bench_cores) $(BUILD)/luotd
BENCH_OPTIONS = $(if $(PAIRS),--pairs $(PAIRS)) $(if $(JSON),--json $(JSON))
bench_needs = @conf/needs bench && $(MAKE) -s -j2 $(1) && { $(MAKE) -s $(COUNTRY_DB) || { echo "No country database: countries would not be \
  counted, and the figures would not be those of the whole." >&2; exit 69; }; }

ifeq ($(T),)
bench:
	$(call bench_needs,$(BENCH_TOOLS))
	@BUILD=$(BUILD) node bench/figures.mjs $(BENCH_OPTIONS) $(if $(ONLY),--only $(ONLY)) $(if $(README),--readme)
else ifneq ($(filter scale store live,$(T)),)
bench:
	$(call bench_needs,$(BENCH_TOOLS) $(BUILD)/bench/listeners $(BUILD)/bench/turns.so)
	@BUILD=$(BUILD) node bench/bench_$(T).mjs $(BENCH_OPTIONS) $(if $(ONLY),--only $(ONLY))
else ifeq ($(T),all)
bench: $(filter-out $(BUILD)/bench/bench_cores,$(BENCH_BIN)) $(COUNTRY_DB)
	@for b in $^; do echo "== $$b"; $$b || exit 1; done
	@for t in "" scale store live; do $(MAKE) -s bench T=$$t || exit 1; done
else
bench: $(BUILD)/bench/bench_$(T) $(if $(filter geo pipeline,$(T)),$(COUNTRY_DB))
	@$<
endif

# How long each turn of luotd's loops takes, and a disk that is slow to sync: preloaded by bench/bench_store.mjs.
$(BUILD)/bench/turns.so: bench/lib/turns.c
	@mkdir -p $(@D)
	$(CC) -std=c17 -D_GNU_SOURCE -O2 -g -fPIC $(WARN) -shared $< -o $@

# One thread at a time: a schedule by hand, a child that is killed, damage that is read. The thread sanitizer has no race to find there, and
# copies its shadow for each child; what a damaged file makes luotd read is for the address sanitizer.
ALONE = $(addprefix $(BUILD)/tests/stress/stress_,kill_clock kill_site damage sweep sweep_marks untold forced_hits forced_site forced_visitors \
          hll_redis)
RACES = $(filter-out $(ALONE),$(STRESS_BIN))
stress: races alone
races: $(addsuffix .run,$(call first,stress/stress_visitors stress/stress_sketched_visitors,$(RACES)))
alone: $(ALONE:=.run)

# Under the thread sanitizer the races are thirty times slower, so with some of their seeds and rounds: at full speed they run with all of
# them. A seed of visitors is eleven runs, half of them with yields, over up to 200,000 visitors: one of it will do.
FEW = SEEDS=2 KILLS=8 ROUNDS=100 PERIODS=50000 VISITORS_SEEDS=1
ifdef VISITORS_SEEDS
$(addsuffix .run,$(addprefix $(BUILD)/tests/stress/stress_,visitors sketched_visitors)): export SEEDS = $(VISITORS_SEEDS)
endif

# An installed luotd.conf is the operator's: a new one that differs is put beside it.
install: install-lib $(BUILD)/luotd $(BUILD)/luotctl $(addprefix $(LIST_DIR),referrers.list agents.list bots.list licences.txt) $(COUNTRY_DB)
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(SYSCONFDIR)/luot
	install -m 755 $(BUILD)/luotd $(BUILD)/luotctl $(DESTDIR)$(BINDIR)
	install -d $(DESTDIR)$(PREFIX)/share/luot
	install -m 644 $(LIST_DIR)agents.list $(LIST_DIR)bots.list $(LIST_DIR)licences.txt conf/lists/README.md $(DESTDIR)$(PREFIX)/share/luot
	@[ -z "$(COUNTRY_DB)" ] || { set -x; \
	  install -m 644 $(COUNTRY_DB) $(COUNTRY_DB).credit $(COUNTRY_DB).licence $(DESTDIR)$(PREFIX)/share/luot; }
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/lib/sysusers.d
	sed 's|/usr/bin/luotd|$(BINDIR)/luotd|g; s|/etc/luot/|$(SYSCONFDIR)/luot/|g' conf/luotd.service \
	  >$(DESTDIR)$(PREFIX)/lib/systemd/system/luotd.service
	install -m 644 conf/luotd.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/luot.conf
	install -d $(DESTDIR)$(PREFIX)/share/luot
	install -m 644 $(LIST_DIR)referrers.list $(DESTDIR)$(PREFIX)/share/luot
	@conf=$(DESTDIR)$(SYSCONFDIR)/luot/luotd.conf; \
	  if [ -e $$conf ] && ! cmp -s conf/luotd.conf $$conf; then conf=$$conf.new; fi; \
	  echo install -m 644 conf/luotd.conf $$conf; install -m 644 conf/luotd.conf $$conf

install-lib: $(BUILD)/libluot.a $(BUILD)/libluot.so
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)
	install -m 644 $(BUILD)/libluot.a $(DESTDIR)$(LIBDIR)
	install -m 644 $(BUILD)/libluot.so $(DESTDIR)$(LIBDIR)/libluot.so.$(VERSION)
	ln -sf libluot.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libluot.so.0
	ln -sf libluot.so.0 $(DESTDIR)$(LIBDIR)/libluot.so
	install -m 644 include/luot.h include/luot_beacon.h $(DESTDIR)$(INCLUDEDIR)
	sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|; s|@VERSION@|$(VERSION)|' conf/luot.pc.in \
	  >$(DESTDIR)$(LIBDIR)/pkgconfig/luot.pc
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" != 0 ] || ldconfig

# Port 9 of this machine: nobody has to listen for the example to succeed. DESTDIR=/ keeps ldconfig out of it.
STAGED = $(abspath $(BUILD))/staged
staged: $(BUILD)/libluot.a $(BUILD)/libluot.so
	@rm -rf $(STAGED)
	@$(MAKE) -s install-lib BUILD=$(BUILD) PREFIX=$(STAGED) LIBDIR=$(STAGED)/lib INCLUDEDIR=$(STAGED)/include DESTDIR=/
	@flags=$$(PKG_CONFIG_LIBDIR=$(STAGED)/lib/pkgconfig pkg-config --cflags --libs luot); set -ex; \
	  $(CC) -std=c99 -pedantic-errors $(WARN) client/example.c $$flags $(LDFLAGS_ALL) -o $(STAGED)/example; \
	  LD_LIBRARY_PATH=$(STAGED)/lib $(STAGED)/example 127.0.0.1:9; \
	  if command -v $(CXX); then $(CXX) -x c++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only client/example.c $$flags; fi
	@! nm -D --defined-only $(STAGED)/lib/libluot.so | grep -v ' luot_[a-z]*@@LUOT_0$$' | grep -v ' A LUOT_0$$'

# The settings, each with its default and its sentence, as a file.
conf: $(BUILD)/luotd
	$(BUILD)/luotd --print-conf >conf/luotd.conf

run:
	@conf/needs run
	@$(MAKE) -s build
	@$(MAKE) -s $(COUNTRY_DB) || echo "luotd counts without countries: their database could not be fetched"
	@exec $(BUILD)/luotd $$([ ! -e "$(COUNTRY_DB)" ] || echo --geo-db=$(COUNTRY_DB))

# conf/lists' own rules and packages on real agents; `--wrong` lists what differs.
data-report: $(BUILD)/luotctl
	@BUILD=$(abspath $(BUILD)) node tests/data/report.mjs $(if $(WRONG),--wrong)

# Fuzzing needs clang; the same seeds are replayed by gcc's sanitizers in `make check`.
FUZZ_FLAGS = -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
$(BUILD)/fuzz/%: tests/fuzz/%.c $(CORE_SRC) $(ASSET_FILES) $(LIST_DIR)referrers.list $(LIST_DIR)agents.scan
	@mkdir -p $(@D) $(BUILD)/fuzz/llhttp
	@for f in $(LLHTTP_SRC); do clang -O1 -g -I$(LLHTTP_INCLUDE) -c $$f -o $(BUILD)/fuzz/llhttp/$$(basename $$f .c).o; done
	clang $(filter-out -fsanitize% -O2,$(CFLAGS_ALL)) -DASSET_DIR='"$(ASSET_DIR)"' $(FUZZ_FLAGS) $< $(CORE_SRC) $(BUILD)/fuzz/llhttp/*.o $(CORE_LIBS) -o $@

fuzz: $(FUZZ_BIN)
	@for t in $^; do n=$$(basename $$t); mkdir -p $(BUILD)/fuzz/corpus/$$n; echo "== $$n"; \
	  $$t -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 $(BUILD)/fuzz/corpus/$$n tests/fuzz/$${n#fuzz_} || exit 1; done

SEED_BIN = $(patsubst tests/fuzz/%.c,$(BUILD)/seeds/%,$(FUZZ_SRC))
$(SEED_BIN): $(BUILD)/seeds/%: tests/fuzz/%.c tests/fuzz/replay.c $(BUILD)/libluotcore.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Wno-missing-prototypes $< tests/fuzz/replay.c $(BUILD)/libluotcore.a $(LDFLAGS_ALL) $(CORE_LIBS) -o $@

$(SEED_BIN:=.run): $(BUILD)/seeds/fuzz_%.run: $(BUILD)/seeds/fuzz_% FORCE
	@$(call ran,300,tests/fuzz/$*)

seeds: $(SEED_BIN:=.run)

# cppcheck reads a file once for each way of compiling it. There is no SSE2 in what it reads, and only count/ has seams of its own: to
# read the rest once more with them takes as long again.
OURS = $(shell git ls-files '*.c' '*.h' 2>/dev/null)
CPPCHECK = cppcheck -q --std=c11 --error-exitcode=1 --inline-suppr --suppress=missingIncludeSystem --enable=warning,portability \
  -j$(JOBS) -U__SSE2__ -UBYTES16_PORTABLE -Idaemon -Iinclude
lint:
	awk -f tests/lint/floors.awk $(filter daemon/% client/%,$(OURS))
	clang-format --dry-run -Werror $(OURS)
	shellcheck .ci/run conf/needs
	$(CPPCHECK) $(filter daemon/count/%.c,$(OURS))
	$(CPPCHECK) -ULUOT_SEAMS --suppress=unknownMacro:client/luotctl_show.c $(filter-out daemon/count/%,$(filter daemon/%.c client/%.c,$(OURS)))

# They wait more than they work.
E2E_JOBS ?= $(shell expr 2 \* $$(nproc))
e2e: $(BUILD)/luotd $(BUILD)/luotctl $(BUILD)/libluot.so $(BUILD)/example $(BUILD)/tests/fdholder $(PRELOADS)
	@cd tests/e2e && BUILD=$(abspath $(BUILD)) node --test --test-concurrency=$(E2E_JOBS) *.test.mjs

# The long form of what `make e2e` runs in short. Each file says which of these it reads.
SOAK ?= kill kill_redis power nodes damage arena redis clock clock_walk night 72_hours
SOAK_kill = KILLS=1000
SOAK_kill_redis = KILLS=1000
SOAK_power = ROUNDS=500
SOAK_nodes = ROUNDS=100
SOAK_damage = FULL=1
SOAK_clock_walk = WALKS=20 STEPS=80
SOAK_arena = FULL=1
SOAK_night = RATE=100
SOAK_72_hours = QUARTER=3000 CROWD=420000
SOAK_FILES = $(foreach f,$(SOAK),$(if $(wildcard tests/e2e/$(f).test.mjs),soak-$(f)))
# Damage to each kind of file, in process, is a part of `damage`; so is the keeper killed at each of its stores.
SOAK_STRESS = $(addprefix $(BUILD)/tests/stress/stress_,damage sweep sweep_marks kill_site)
soak-damage: soak-stress
soak-stress: $(SOAK_STRESS)
	@for t in $^; do echo "== $$t FULL=1"; FULL=1 timeout 3600 $$t || exit 1; done

soak:
	@failed=; for f in $(SOAK_FILES); do $(MAKE) -s $$f || failed="$$failed $$f"; done; \
	  if [ "$$failed" ]; then echo "soak: FAILED:$$failed"; exit 1; fi; echo "soak: everything passed: $(SOAK_FILES)"

$(addprefix soak-,$(SOAK)): soak-%: $(BUILD)/luotd $(BUILD)/luotctl $(BUILD)/libluot.so $(BUILD)/tests/fdholder $(PRELOADS)
	@echo "== $* $(SOAK_$*)"
	@cd tests/e2e && env $(SOAK_$*) BUILD=$(abspath $(BUILD)) node --test --test-reporter=spec $*.test.mjs

tests/browser/node_modules: tests/browser/package-lock.json
	@echo "luot's browser tests need packages that are not here. They are installed by:"
	@echo "  npm ci --prefix tests/browser --no-audit --no-fund"
	@npm ci --prefix tests/browser --no-audit --no-fund
	@touch $@

browser: $(BUILD)/luotd $(BUILD)/luotctl tests/browser/node_modules
	@cd tests/browser && BUILD=$(abspath $(BUILD)) node --test --test-concurrency=$(JOBS) *.test.mjs

pictures: $(BUILD)/luotd $(BUILD)/luotctl tests/browser/node_modules
	@cd tests/browser && BUILD=$(abspath $(BUILD)) COUNTRY_DB=$(abspath $(COUNTRY_DB)) node pictures.mjs $(abspath client/pictures)

# Everything. Each part is one build of the whole; the order is cheap to dear.
part = @began=$$(date +%s); $(MAKE) -s $(1) && echo "check: $(1): $$(($$(date +%s) - began)) s"
SANITIZED = CC=clang SAN=address BUILD=$(BUILD)/address
check:
	@conf/needs check
	$(call part,lint)
	$(call part,-j$(JOBS) check-gcc)
	$(call part,-j$(JOBS) check-clang)
	$(call part,-j$(JOBS) check-thread)
	$(call part,-j$(JOBS) mutants)
	$(call part,e2e)
	$(call part,e2e $(SANITIZED))
	$(call part,browser)
	@echo "check: everything passed"

check-gcc: build staged
	@$(BUILD)/luotd --print-conf | cmp - conf/luotd.conf || { echo "conf/luotd.conf is old: make conf"; exit 1; }
	@$(MAKE) -s unit

# clang's warnings, and its address and undefined sanitizers.
check-clang:
	@$(MAKE) -s build unit seeds alone $(SANITIZED)

# The races twice: at full speed, and under the thread sanitizer.
check-thread:
	@$(MAKE) -s stress
	@$(FEW) $(MAKE) -s races SAN=thread BUILD=$(BUILD)/thread

clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
