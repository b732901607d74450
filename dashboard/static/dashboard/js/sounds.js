// What an outcome sounds like: high and short, two equal tones, low and long.

const TONES = {
  applied: [[880, 0, 0.09], [1320, 0.09, 0.12]],
  already: [[660, 0, 0.1], [660, 0.16, 0.1]],
  refused: [[180, 0, 0.45]],
  kept: [[520, 0, 0.08]],
};
let context = null;

/** Play the sound of an outcome; a device that cannot, stays silent. */
export function play(outcome) {
  // Before anybody has touched the page, a browser lets it make no sound.
  if (navigator.userActivation?.hasBeenActive === false) return;
  if (outcome === "refused") navigator.vibrate?.([120, 60, 120]);
  try {
    context ??= new AudioContext();
    for (const [pitch, after, length] of TONES[outcome]) tone(pitch, after, length);
  } catch {
    // No sound here; the outcome stands on the screen.
  }
}

function tone(pitch, after, length) {
  const [source, volume] = [context.createOscillator(), context.createGain()];
  const begin = context.currentTime + after;
  source.type = pitch < 300 ? "sawtooth" : "sine";
  source.frequency.value = pitch;
  volume.gain.setValueAtTime(0.25, begin);
  volume.gain.exponentialRampToValueAtTime(0.001, begin + length);
  source.connect(volume).connect(context.destination);
  source.start(begin);
  source.stop(begin + length);
}
