# SPDX-License-Identifier: GPL-2.0-or-later
# What the other .gdb files share.

# $no_X: a null pointer to an X. A cast to (struct X *) takes gdb 40 ms each time, one to the type
# of a variable takes none.
set $no_node = (struct xa_node *)0

# Calls the command `visit` for each pointer that the struct idr $idr holds, as $entry. An entry of
# a node that ends in binary 10 is a node below it. Nodes know their parents, so no stack is needed.
define for_each_in_idr
  set $node = $no_node
  set $head = (unsigned long)$idr.idr_rt.xa_head
  if ($head & 3) == 2
    set $node = (typeof($no_node))($head - 2)
  else
    if $head
      set $entry = $head
      visit
    end
  end
  set $slot = 0
  while $node
    if $slot == 64
      set $slot = $node->offset + 1
      set $node = $node->parent
    else
      set $held = (unsigned long)$node->slots[$slot]
      if ($held & 3) == 2 && $held > 4096
        set $node = (typeof($no_node))($held - 2)
        set $slot = 0
      else
        if $held
          set $entry = $held
          visit
        end
        set $slot = $slot + 1
      end
    end
  end
end
