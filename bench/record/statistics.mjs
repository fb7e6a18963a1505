import { median } from '../measure.mjs';

const resamples = 1000;
const outsideShare = 0.05;

/**
 * A figure of many rounds, and where it lies with 90 % confidence (bootstrap: the figure of as many rounds drawn from them at random).
 * @param figure - Of a list of rounds; nothing where it has no sense.
 */
export function withConfidence(rounds, figure) {
  const random = seededRandom();
  const drawn = [];
  for (let i = 0; i < resamples; i++) {
    drawn.push(figure(rounds.map(() => rounds[Math.floor(random() * rounds.length)])));
  }
  // A draw without a round that has all of the figure's parts gives none.
  const found = drawn.filter(Number.isFinite).sort((a, b) => a - b);
  const cut = Math.floor(found.length * outsideShare);
  return { value: figure(rounds), low: found[cut], high: found.at(-1 - cut) };
}

/** The same numbers in each run: a table can be made again from what was measured. */
function seededRandom() {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** In place. */
export function shuffle(values) {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [values[i], values[j]] = [values[j], values[i]];
  }
  return values;
}

export const medianOf = (rounds, pick) => median(rounds.map(pick));
