import type { VisionChat } from "./vision-chat.ts";

/**
 * Copies of one model as one that answers as many questions at once: each goes to a copy that is free.
 * `complete` throws RangeError when none is; whoever asks holds a place in a queue that is no wider.
 */
export function poolChats([first, ...others]: readonly [VisionChat, ...VisionChat[]]): VisionChat {
  const copies = [first, ...others];
  const free = [...copies];
  return {
    ...first,
    async complete(request) {
      const chat = free.pop();
      if (!chat) throw new RangeError(`all ${copies.length} copies of ${first.modelId} are busy`);
      try {
        return await chat.complete(request);
      } finally {
        free.push(chat);
      }
    },
  };
}
