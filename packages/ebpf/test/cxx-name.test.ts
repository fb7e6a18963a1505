import { describe, expect, test } from 'vitest';
import { cxxNameOf } from '../src/cxx-name.ts';

describe('the name in a symbol of C++', () => {
  test.each([
    ['_Z4freei', 'free'],
    ['_ZSt4moveIiE', 'std::move'],
    ['_ZNSaIcEC2Ev', 'std::allocator::allocator'],
    ['_ZNSt6vectorIN3top4NodeESaIS1_EE9push_backERKS1_', 'std::vector::push_back'],
    ['_ZN3top5ScopeILNS_4KindE2ELb1EE4openEv', 'top::Scope::open'],
    ['_ZN3top7WrapperINS_4TypeEL_Z8instanceEE4openEv', 'top::Wrapper::open'],
    ['_ZN3top5ArrayIA5_iE4openEv', 'top::Array::open'],
    ['_ZN3top5LevelILin1EE4openEv', 'top::Level::open'],
    ['_ZNO3top5Moved4openEv', 'top::Moved::open'],
    ['_ZN3top4baseB5cxx11B3abcEv', 'top::base'],
    ['_ZN3topeqERKNS_4TypeES2_', 'top::operator=='],
    ['_ZN12_GLOBAL__N_14openEv', '(anonymous namespace)::open'],
  ])('%s', (symbol, name) => {
    expect(cxxNameOf(symbol)).toBe(name);
  });

  test.each([
    'main',
    '_Z',
    '_ZN3top',
    '_ZN9topE',
    '_ZTV3top',
    '_ZThn8_N3top4openEv',
    '_ZZ4openvENKUlvE_clEv',
    '_ZN3topcvNS_4TypeEEv',
    `_ZN3top${'I'.repeat(10_000)}`,
    `_ZN${'1a'.repeat(5000)}`,
    '_ZN3topI99999999999999999999aE',
    'constructor',
    '_ZN3topS',
  ])('%s has none that is told', (symbol) => {
    expect(cxxNameOf(symbol)).toBeUndefined();
  });
});
