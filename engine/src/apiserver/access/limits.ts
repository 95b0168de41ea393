/** Rights that one role may state, each for one verb, resource and name: the largest that people have state a few thousand. */
export const singleRightsMax = 200_000;
