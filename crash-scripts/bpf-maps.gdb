# SPDX-License-Identifier: GPL-2.0-or-later
# The loops of bpf-maps.crash.

set $no_program = (struct bpf_prog *)0
set $no_map = (struct bpf_map *)0
set $no_array = (struct bpf_array *)0
set $no_table = (struct bpf_htab *)0
set $no_element = (struct htab_elem *)0
set $no_link = (struct hlist_nulls_node *)0

# $size bytes at $at: a number if they make one, else all of them.
define show_bytes
  if $size == 4
    printf "%u", *(unsigned int *)$at
  else
    if $size == 8
      printf "%lu", *(unsigned long *)$at
    else
      output/x *(unsigned char *)$at@$size
    end
  end
end

define show_entry
  printf "%6u  ", $map->id
  set $at = $key
  set $size = $map->key_size
  show_bytes
  printf "  "
  set $at = $value
  set $size = $map->value_size
  show_bytes
  echo \n
  set $shown = $shown + 1
end

# Buckets are lists that end in an odd address; a value is behind its key, eight bytes aligned.
define show_hash
  set $table = (typeof($no_table))((char *)$map - (long)&$no_table->map)
  set $bucket = 0
  while $bucket < $table->n_buckets && $bucket < 4096 && $shown < $limit
    set $link = (unsigned long)$table->buckets[$bucket].head.first
    while !($link & 1) && $shown < $limit
      set $key = (char *)((typeof($no_element))$link)->key
      set $value = $key + (($map->key_size + 7) & ~7)
      show_entry
      set $link = (unsigned long)((typeof($no_link))$link)->next
    end
    set $bucket = $bucket + 1
  end
end

# Those whose first four bytes are not zero.
define show_array
  set $array = (typeof($no_array))((char *)$map - (long)&$no_array->map)
  set $index = 0
  while $index < $map->max_entries && $index < 4096 && $shown < $limit
    set $value = (char *)$array->value + $index * $array->elem_size
    if *(int *)$value
      printf "%6u  %u  ", $map->id, $index
      set $at = $value
      set $size = $map->value_size
      show_bytes
      echo \n
      set $shown = $shown + 1
    end
    set $index = $index + 1
  end
end

define show_map
  printf "%6u %9u %11u ", $map->id, $map->key_size, $map->value_size
  printf "%11u  %-15s  ", $map->max_entries, $map->name
  output $map->map_type
  echo \n
end

define show_program
  printf "%6u  %-15s  ", $program->aux->id, $program->aux->name
  output $program->type
  echo \n
end

define visit
  if $pass == 1
    set $program = (typeof($no_program))$entry
    show_program
  else
    set $map = (typeof($no_map))$entry
    set $shown = 0
    if $pass == 2
      show_map
    else
      # BPF_MAP_TYPE_HASH, ARRAY, LRU_HASH: the same numbers on every kernel.
      if $map->map_type == 1 || $map->map_type == 9
        show_hash
      end
      if $map->map_type == 2
        show_array
      end
    end
  end
end

set $limit = 16
printf "    ID  NAME             TYPE (PROGRAMS)\n"
set $idr = prog_idr
set $pass = 1
for_each_in_idr
printf "\n    ID KEY_BYTES VALUE_BYTES MAX_ENTRIES  NAME             TYPE (MAPS)\n"
set $idr = map_idr
set $pass = 2
for_each_in_idr
printf "\nMAP_ID  KEY  VALUE\n"
set $pass = 3
for_each_in_idr
