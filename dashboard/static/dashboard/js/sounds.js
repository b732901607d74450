// Sounds of scan results: high and short for success, two equal tones for "already", low and long
// for a rejection.

const TONES = {
  applied: [[880, 0, 0.09], [1320, 0.09, 0.12]],
  already: [[660, 0, 0.1], [660, 0.16, 0.1]],
  refused: [[180, 0, 0.45]],
  saved: [[520, 0, 0.08]],
};
let context = null;

/** Play the sound of a result; do nothing if the device has no audio. */
export function playSound(result) {
  // Browsers block sound before the first user interaction.
  if (navigator.userActivation?.hasBeenActive === false) return;
  if (result === "refused") navigator.vibrate?.([120, 60, 120]);
  try {
    context ??= new AudioContext();
    for (const [frequency, delay, duration] of TONES[result]) playTone(frequency, delay, duration);
  } catch {
    // No audio on this device; the result is on the screen.
  }
}

function playTone(frequency, delay, duration) {
  const [oscillator, volume] = [context.createOscillator(), context.createGain()];
  const start = context.currentTime + delay;
  oscillator.type = frequency < 300 ? "sawtooth" : "sine";
  oscillator.frequency.value = frequency;
  volume.gain.setValueAtTime(0.25, start);
  volume.gain.exponentialRampToValueAtTime(0.001, start + duration);
  oscillator.connect(volume).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + duration);
}
