// fl.nn.utils.rnn: sequences of different lengths.
export {
  PackedSequence,
  packPaddedSequence,
  packSequence,
  padPackedSequence,
  padSequence,
  unpackSequence,
  unpadSequence,
} from "./sequences.ts";
