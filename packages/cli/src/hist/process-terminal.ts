import type { Terminal } from './hist-app.ts';

/** The terminal of this process. */
export function processTerminal(env: { readonly [name: string]: string | undefined }): Terminal {
  const { stdin, stdout } = process;
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return {
    write: (text) => stdout.write(text),
    get columnCount() {
      return stdout.columns || 80;
    },
    get lineCount() {
      return stdout.rows || 24;
    },
    isUtf8: /utf-?8/i.test(locale),
    onInput(handle) {
      const onData = (data: Buffer): void => handle(data.toString('utf8'));
      stdin.setRawMode(true);
      stdin.on('data', onData);
      stdin.resume();
      return () => {
        stdin.off('data', onData);
        stdin.setRawMode(false);
        stdin.pause();
      };
    },
    onResize(handle) {
      stdout.on('resize', handle);
      return () => {
        stdout.off('resize', handle);
      };
    },
  };
}
