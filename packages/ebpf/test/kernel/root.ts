/** Tests of the running kernel run as root; elsewhere their titles say why they do not. */
export const isRoot = process.geteuid?.() === 0;
export const rootTitle = (title: string): string =>
  isRoot ? title : `${title} (left out: this needs root)`;
