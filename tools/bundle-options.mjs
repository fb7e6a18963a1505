import { lazyBuiltins } from './lazy-builtins.mjs';

/** Options of esbuild for what `packages/cli/bin/bundle.js` runs: scripts, as V8's code cache is for those. */
export const bundleOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  legalComments: 'none',
  logLevel: 'warning',
  format: 'cjs',
  // The whole text is one function expression, and ASCII: V8 takes it as it is read.
  banner: { js: '(function (require, module, exports) {' },
  footer: { js: '})' },
  charset: 'ascii',
  conditions: ['@sonde/source'],
  // Native code, and optional: loaded when something native is asked for.
  external: ['koffi'],
  plugins: [lazyBuiltins],
  // A script has no `import`: `require` loads it.
  supported: { 'dynamic-import': false },
  // Names stay readable in stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
};
