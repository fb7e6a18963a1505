import { safeText } from '../printers/human-text.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text of a trace for HTML, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return safeText(text).replace(/[&<>"']/g, (character) => entities[character]!);
}
