# Has the library linked by a table that lies where the linker may write. The first relocation in it
# changes the second, which then calls a function of the library's own, before the program and libc
# are linked. The file does not show that.
# Expected: all points, flagged: its library runs code, or writes outside of its own memory, while
# it is linked
CFLAGS := -std=gnu11 -D_GNU_SOURCE -fPIC -I../utils

define TABLE
long chosen;
long relocations[2048] = {1};
void *choose(void)
{
	return &chosen;
}
endef
export TABLE

# The arguments are hexadecimal: where the linker's own table lies, its size, where ours lies in the
# file, and in memory, where the dynamic table lies, then what is chosen, who chooses, and the
# number of a symbol that nobody defines.
define MOVE
my ($$old, $$size, $$at, $$new, $$tags, $$chosen, $$choose, $$nothing) = map hex, @ARGV;
my $$file = join "", <STDIN>;
my $$table = pack("Q6", $$new + 32, $$nothing << 32 | 1, 37, $$chosen, 8, $$choose)
	. substr $$file, $$old, $$size;
my %tags = (7 => $$new, 8 => length $$table, 0x6ffffff9 => 0);
substr $$file, $$at, length $$table, $$table;
for (; my $$tag = unpack "Q", substr $$file, $$tags; $$tags += 16) {
	substr $$file, $$tags + 8, 8, pack "Q", $$tags{$$tag} if exists $$tags{$$tag};
}
print $$file;
endef
export MOVE

libosmem.so: *.c
	echo "$$TABLE" >table.c
	gcc $(CFLAGS) -shared -o whole.so *.c
	symbol() { readelf -sW whole.so | awk '$$8 == "'$$1'" { print $$2; exit }'; }; \
	set -- $$(readelf -SW whole.so | tr -d '[]' | \
		awk '$$2 ~ /^.(rela.dyn|data|dynamic)$$/ { print $$4, $$5, $$6 }'); \
	new=$$(symbol relocations); \
	nothing=$$(readelf --dyn-syms -W whole.so | awk '/WEAK .* UND / { print $$1 + 0; exit }'); \
	perl -e "$$MOVE" $$2 $$3 $$(printf %x $$((0x$$new - 0x$$7 + 0x$$8))) $$new $$5 \
		$$(symbol chosen) $$(symbol choose) $$(printf %x $$nothing) <whole.so >$@
