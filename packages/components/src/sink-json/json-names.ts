import type { StructureFieldClass, StructureMember } from '@sonde/trace-model';
import { visibleMembers } from '../trace-ir.ts';
import { jsonString } from './json-text.ts';

/**
 * `"name":` of each visible member, with a comma but for the first. Names are unique: where two members show the same one (CTF 1.8's `x`
 * and `_x`), the later gets the name of the metadata text, or a number.
 */
export function memberPrefixes(
  structure: StructureFieldClass,
  omitted?: ReadonlySet<StructureMember>,
): ReadonlyMap<StructureMember, string> {
  const prefixes = new Map<StructureMember, string>();
  const taken = new Set<string>();
  for (const member of visibleMembers(structure)) {
    if (omitted?.has(member)) continue;
    const comma = prefixes.size > 0 ? ',' : '';
    const name = uniqueName(member, taken);
    taken.add(name);
    prefixes.set(member, `${comma}${jsonString(name)}:`);
  }
  return prefixes;
}

function uniqueName(member: StructureMember, taken: ReadonlySet<string>): string {
  if (!taken.has(member.name)) return member.name;
  let name = member.originalName ?? member.name;
  for (let number = 2; taken.has(name); number++) name = `${member.name}-${number}`;
  return name;
}
