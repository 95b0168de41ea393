// Scripts whose answers are known to differ, by reason. One that begins to agree fails, so the list only shrinks.

const byReason: Readonly<Record<string, readonly string[]>> = {
  "the real server keeps a deletionTimestamp that a PUT creates a RuntimeClass with: nothing would ever finish that deletion": [
    "1/129: oddities of runtimeclass",
  ],
  "the real server asks for a resourceVersion where the patch of a driver does nothing but drop members that are not there": [
    "1/550: oddities of csidriver",
  ],
  "the real server keeps the managers of a custom object that a patch with an empty list asks to forget": [
    "1/610: oddities of gadget1",
  ],
  "the real server forgets all managers when a patch leaves a status that its schema cannot hold": [
    "1/655: statuses of widget",
  ],
  "the real server cannot apply the scale of a custom resource whose managers it has to convert": [
    "1/561: scales of widget",
  ],
  "the counter of a DaemonSet's templates is owned by who changed the template, here by who made the set": [
    "1/203: interleavings of daemonset",
  ],
  "a write of a scale or an apply that changes nothing gives its manager a new time, or none": [
    "1/240: scales of replicationcontroller",
    "1/616: interleavings of replicationcontroller",
  ],
  "an apply that states a configuration's webhooks counts as a change of them there: Go tells lists that are empty from those that are absent": [
    "reach/trials: mutatingwebhook",
    "reach/managers: mutatingwebhook",
    "reach/trials: validatingwebhook",
    "reach/managers: validatingwebhook",
  ],
  "whoever asks for a scale that a deprecated version does not have is warned there of the version too": [
    "reach/trials: gadget1",
  ],
  "Events are read from the disk there, so that an answer to a version of the future does not say when to ask again": [
    "reach/pages: event",
    "reach/pages: eventv1",
  ],
  "the words of Go's strategic merge about a patch of the wrong shape": [
    "1/332: faults of serviceaccount",
    "1/333: directives of pod",
  ],
  "the status of a namespace can be written by anybody; here its phase is what its life has come to": [
    "1/358: shapes of namespace",
    "reach/trials: namespace",
  ],
};

/** The reason for each script that differs. */
export const divergences: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(byReason).flatMap(([reason, names]) => names.map((name) => [name, reason])),
);
