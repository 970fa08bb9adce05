/** A frame does not fit the state it is applied to. The cure is always the same: ask the server for the state. */
export class Misfit extends Error {
  override name = "Misfit";
}

/** Frames are missing between the state and this one. */
export class Gap extends Misfit {
  override name = "Gap";
}
