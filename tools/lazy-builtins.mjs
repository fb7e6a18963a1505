/**
 * For esbuild: modules of Node are loaded when something of them is first used, not with the bundle. Most commands use few of them, and
 * each takes 1 to 8 ms. `node:fs` and `node:path` are there from Node's own start.
 */
export const lazyBuiltins = {
  name: 'lazy-builtins',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path, namespace }) => {
      if (namespace === 'lazy-builtin' || path === 'node:fs' || path === 'node:path') {
        return { path, external: true };
      }
      return { path, namespace: 'lazy-builtin' };
    });
    build.onLoad({ filter: /.*/, namespace: 'lazy-builtin' }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => name !== 'default');
      const getters = names.map(
        (name) =>
          `get ${JSON.stringify(name)}() { return require(${JSON.stringify(path)})[${JSON.stringify(name)}]; }`,
      );
      return { contents: `module.exports = { ${getters.join(', ')} };` };
    });
  },
};
