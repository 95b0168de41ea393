// How webhooks are asked, whether they judge objects or convert them.

/** Sends a review; gives the answer's code and text. Throws where nobody answers. */
export type PostReview = (
  call: { url: string; authority: string | undefined; timeoutMs: number },
  body: string,
) => Promise<{ code: number; body: string }>;
