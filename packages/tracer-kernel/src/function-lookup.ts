/** Which place of a program a probe names: a symbol, a C++ name without parameters, or an address. */
import { UsageError } from '@sonde/base';
import { type FunctionSymbol, offsetOfAddress, readFunctions } from './elf-symbols.ts';

const address = /^0x[\da-fA-F]+$/;

/**
 * @param name - As in the symbol table, `shop::Basket::add`, or an address in memory as `nm` prints it: `0x11b0`.
 * @returns the place in the file, and how long the function is; of an address, nobody knows
 * @throws UsageError `unknown-function`, `ambiguous-function`; see `readFunctions`
 */
export function findFunction(
  path: string,
  name: string,
): { readonly offsetBytes: number; readonly lengthBytes: number } {
  if (address.test(name)) {
    const offsetBytes = offsetOfAddress(path, Number(name));
    if (offsetBytes !== undefined) return { offsetBytes, lengthBytes: Number.POSITIVE_INFINITY };
    throw new UsageError('unknown-function', `${path} has nothing at the address ${name}.`);
  }
  const functions = readFunctions(path);
  const exact = functions.find((candidate) => candidate.name === name);
  if (exact !== undefined) return exact;
  const [found, ...others] = cxxFunctions(functions, name);
  if (found === undefined) throw unknownFunction(path, name, functions);
  if (others.length === 0) return found;
  const names = [found, ...others].map((candidate) => candidate.name).join(', ');
  throw new UsageError(
    'ambiguous-function',
    `${path} has several functions \`${name}\`. Name one of them: ${names}.`,
  );
}

/** One for each place: constructors have several names. */
function cxxFunctions(functions: readonly FunctionSymbol[], name: string): FunctionSymbol[] {
  const prefixes = mangledPrefixes(name);
  const byPlace = new Map<number, FunctionSymbol>();
  for (const candidate of functions) {
    // What the compiler split off as never run is no function of its own.
    if (candidate.name.endsWith('.cold')) continue;
    if (!prefixes.some((prefix) => candidate.name.startsWith(prefix))) continue;
    if (!byPlace.has(candidate.offsetBytes)) byPlace.set(candidate.offsetBytes, candidate);
  }
  return [...byPlace.values()];
}

/** How the symbols of a C++ function begin (Itanium C++ ABI, "Mangling"). No templates, no operators. */
function mangledPrefixes(name: string): string[] {
  const parts = name.split('::');
  if (!parts.every((part) => /^[A-Za-z_]\w*$/.test(part))) return [];
  const source = (part: string): string => `${part.length}${part}`;
  const [first, ...rest] = parts;
  if (first === undefined) return [];
  if (rest.length === 0) return [`_Z${source(first)}`];
  if (first === 'std' && rest.length === 1) return [`_ZSt${source(rest[0]!)}`];
  const scope = [first === 'std' ? 'St' : source(first), ...rest.slice(0, -1).map(source)].join('');
  const last = rest.at(-1)!;
  const isConstructor = last === parts.at(-2);
  const names = isConstructor ? ['C1', 'C2'] : [source(last)];
  return names.flatMap((own) => [`_ZN${scope}${own}E`, `_ZNK${scope}${own}E`]);
}

function unknownFunction(
  path: string,
  name: string,
  functions: readonly FunctionSymbol[],
): UsageError {
  const part = name.split('::').at(-1)!;
  const near = functions
    .filter((candidate) => candidate.name.includes(part))
    .slice(0, 4)
    .map((candidate) => candidate.name);
  const hint =
    functions.length === 0
      ? ` It has no symbols: was it stripped? An address can be named all the same: ${path}:0x1234.`
      : near.length > 0
        ? ` It has ${near.join(', ')}.`
        : '';
  return new UsageError('unknown-function', `${path} has no function \`${name}\`.${hint}`);
}
