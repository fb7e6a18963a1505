// A plugin with a source that never ends and says nothing: for tests of plugins and of Ctrl-C.
const endless = {
  kind: 'src',
  plugin: 'endless',
  className: 'silence',
  description: 'Never ends',
  parameterHelp: {},
  create: () => ({
    outputPorts: [{ name: 'out' }],
    earliestNs: undefined,
    open: () => ({
      headTimeNs: Number.NEGATIVE_INFINITY,
      headRank: 0,
      headStream: undefined,
      run: () => 'again',
      close() {},
    }),
    close() {},
  }),
};

export const sondePlugin = {
  name: 'endless',
  version: '1.0.0',
  description: 'For tests',
  author: 'the Sonde authors',
  license: 'MIT',
  componentClasses: [endless],
};
