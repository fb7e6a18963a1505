import { formatError, UsageError } from '@sonde/base';
import {
  type ComponentClass,
  ComponentRegistry,
  checkPlugin,
  loadPlugin,
  parseComponentClassName,
  parseComponentSpec,
} from '@sonde/graph';
import { describe, expect, test } from 'vitest';

const fs: ComponentClass = {
  kind: 'src',
  plugin: 'demo',
  className: 'fs',
  description: 'A source.',
  parameterHelp: {},
  create: () => ({ outputPorts: [], earliestNs: undefined, open: neverCalled, close() {} }),
};

const goodPlugin = {
  name: 'demo',
  version: '1.0.0',
  description: 'Demonstration.',
  author: 'Nobody',
  license: 'MIT',
  componentClasses: [fs],
};

describe('component class names', () => {
  test.each([
    ['source.ctf.fs', { kind: 'src', plugin: 'ctf', className: 'fs' }],
    ['src.ctf.fs', { kind: 'src', plugin: 'ctf', className: 'fs' }],
    ['filter.utils.muxer', { kind: 'flt', plugin: 'utils', className: 'muxer' }],
    ['sink.text.pretty', { kind: 'sink', plugin: 'text', className: 'pretty' }],
  ])('%s', (text, expected) => {
    expect(parseComponentClassName(text)).toEqual(expected);
  });

  test.each(['', 'ctf.fs', 'srcs.ctf.fs', 'src.ctf', 'src..fs', 'src.ctf.fs.x'])(
    '%j is refused',
    (text) => {
      expect(() => parseComponentClassName(text)).toThrow(UsageError);
    },
  );

  test('with a name in front', () => {
    expect(parseComponentSpec('my:name:sink.text.pretty').name).toBe('my:name');
    expect(parseComponentSpec('sink.text.pretty').name).toBeUndefined();
    expect(() => parseComponentSpec(':sink.text.pretty')).toThrow(/empty/);
  });
});

describe('the registry', () => {
  test('finds by any spelling of the type', () => {
    const registry = new ComponentRegistry();
    registry.register(fs);
    expect(registry.get('source.demo.fs')).toBe(fs);
    expect(registry.classes).toEqual([fs]);
  });

  test('says what there is when a class is unknown', () => {
    const registry = new ComponentRegistry();
    registry.register(fs);
    expect(() => registry.get('src.demo.sf')).toThrow(
      'There is no component class src.demo.sf. There are: src.demo.fs.',
    );
  });

  test('refuses a second class of the same name, and then the whole plugin', () => {
    const registry = new ComponentRegistry();
    registry.register(fs);
    expect(() => registry.register(fs)).toThrow(/already a component class src.demo.fs/);
    const plugin = checkPlugin(
      { ...goodPlugin, componentClasses: [{ ...fs, className: 'other' }, fs] },
      'x',
    );
    expect(() => registry.registerPlugin(plugin)).toThrow(/Plugin demo brings .* src.demo.fs/);
    expect(registry.classes).toEqual([fs]);
    expect(registry.plugins).toEqual([]);
  });
});

describe('plugins', () => {
  test('are loaded by specifier', async () => {
    const asked: string[] = [];
    const plugin = await loadPlugin('file:///p.mjs', async (specifier) => {
      asked.push(specifier);
      return { sondePlugin: goodPlugin };
    });
    expect(asked).toEqual(['file:///p.mjs']);
    expect(plugin).toEqual(goodPlugin);
  });

  test('that cannot be imported keep the reason as cause', async () => {
    const failing = loadPlugin('./no.mjs', async () => {
      throw new SyntaxError('Unexpected token');
    });
    const error = await failing.catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UsageError);
    expect(formatError(error)).toBe(
      'Cannot load the plugin "./no.mjs".\n  because: Unexpected token',
    );
  });

  const bad: readonly [what: string, module: unknown, reason: RegExp][] = [
    ['no export', {}, /exports no "sondePlugin"/],
    ['nothing', undefined, /exports no "sondePlugin"/],
    ['not an object', { sondePlugin: 3 }, /not an object/],
    ['no name', { sondePlugin: { ...goodPlugin, name: '' } }, /"name" is not a text/],
    ['bad name', { sondePlugin: { ...goodPlugin, name: 'a.b' } }, /may only hold/],
    ['no version', { sondePlugin: { ...goodPlugin, version: 1 } }, /"version" is not a text/],
    ['no classes', { sondePlugin: { ...goodPlugin, componentClasses: {} } }, /not an array/],
    ['class is null', withClasses([null]), /componentClasses\[0\] is not an object/],
    ['bad kind', withClasses([{ ...fs, kind: 'source' }]), /componentClasses\[0\]\.kind/],
    ['other plugin', withClasses([{ ...fs, plugin: 'ctf' }]), /plugin is not "demo"/],
    ['bad class name', withClasses([{ ...fs, className: 'a b' }]), /className is not a name/],
    ['no create', withClasses([{ ...fs, create: 1 }]), /create is not a function/],
    ['no description', withClasses([{ ...fs, description: 1 }]), /description is no text/],
    ['no help', withClasses([{ ...fs, parameterHelp: { a: 1 } }]), /parameterHelp/],
    ['twice', withClasses([fs, fs]), /src\.demo\.fs twice/],
  ];
  test.each(bad)('with %s are refused', async (_what, module, reason) => {
    await expect(loadPlugin('p', async () => module)).rejects.toThrow(reason);
    await expect(loadPlugin('p', async () => module)).rejects.toThrow(UsageError);
  });
});

function withClasses(componentClasses: readonly unknown[]): unknown {
  return { sondePlugin: { ...goodPlugin, componentClasses } };
}

function neverCalled(): never {
  throw new Error('not called');
}
