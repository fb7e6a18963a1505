/** Which place of a program a probe names: a symbol, a C++ name without parameters, or an address. */
import { UsageError } from '@sonde/base';
import { anonymousNamespace, cxxNameOf } from '@sonde/ebpf';
import { type FunctionSymbol, offsetOfAddress, readFunctions } from './elf-symbols.ts';
import { nearestNames } from './nearest-names.ts';

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
  const wanted = plainCxxName(name);
  const [found, ...others] = cxxFunctions(functions, wanted);
  if (found === undefined) throw unknownFunction(path, name, functions);
  if (others.length === 0 && wanted === withoutBlanks(name)) return found;
  throw ambiguousFunction(path, name, wanted, [found, ...others]);
}

/** One for each place: constructors have several names. */
function cxxFunctions(functions: readonly FunctionSymbol[], wanted: string): FunctionSymbol[] {
  const byPlace = new Map<number, FunctionSymbol>();
  for (const candidate of functions) {
    // What the compiler split off as never run is no function of its own.
    if (candidate.name.endsWith('.cold')) continue;
    const name = cxxNameOf(candidate.name);
    if (name !== wanted && name?.replaceAll(`${anonymousNamespace}::`, '') !== wanted) continue;
    if (!byPlace.has(candidate.offsetBytes)) byPlace.set(candidate.offsetBytes, candidate);
  }
  return [...byPlace.values()];
}

/** `operator ()` is `operator()`, but `operator new` has its blank. */
function withoutBlanks(name: string): string {
  return name.trim().replace(/\boperator\s+(?=\W)/, 'operator');
}

/** Without template arguments and parameters: they are not in `cxxNameOf`. */
function plainCxxName(name: string): string {
  const text = withoutBlanks(name);
  const at = text.search(/\boperator\b/);
  if (at < 0) return withoutArguments(text);
  const [operator = ''] = /^operator(?:\(\)|[^\w\s(]+| \w+(?:\[\])?)?/.exec(text.slice(at)) ?? [];
  return `${withoutArguments(text.slice(0, at))}${operator}`;
}

function withoutArguments(name: string): string {
  let depth = 0;
  let plain = '';
  for (const char of name) {
    if (char === '<') depth++;
    else if (char === '>') depth--;
    else if (depth === 0) plain += char;
  }
  return plain.replace(/\((?!anonymous namespace\)).*$/, '');
}

const mostCandidates = 8;

function ambiguousFunction(
  path: string,
  name: string,
  plain: string,
  candidates: readonly FunctionSymbol[],
): UsageError {
  const shown = candidates.slice(0, mostCandidates).map((candidate) => candidate.name);
  const more = candidates.length - shown.length;
  const symbols = `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const why =
    candidates.length > 1
      ? `${path} has several functions \`${plain}\`. Name one of them`
      : `Template arguments and parameters are not looked at. Name \`${plain}\` instead of \`${name}\`, or the symbol`;
  return new UsageError('ambiguous-function', `${why}: ${symbols}. c++filt tells them apart.`);
}

function unknownFunction(
  path: string,
  name: string,
  functions: readonly FunctionSymbol[],
): UsageError {
  const near = nearFunctions(name, functions);
  const hint =
    functions.length === 0
      ? ` It has no symbols: was it stripped? An address can be named all the same: ${path}:0x1234.`
      : near.length > 0
        ? ` Near are: ${near.join(', ')}.`
        : '';
  return new UsageError('unknown-function', `${path} has no function \`${name}\`.${hint}`);
}

/** Those of the same class or of the same last name come first. */
function nearFunctions(name: string, functions: readonly FunctionSymbol[]): string[] {
  const names = functions.map((candidate) => cxxNameOf(candidate.name) ?? candidate.name);
  const parts = plainCxxName(name).split('::');
  const last = parts.at(-1)!;
  const scope = parts.slice(0, -1).join('::');
  const ofClass = scope === '' ? [] : names.filter((other) => other.startsWith(`${scope}::`));
  const alike = names.filter((other) => other.split('::').at(-1) === last);
  return nearestNames(name, ofClass.length + alike.length > 0 ? [...ofClass, ...alike] : names);
}
