/** See draw-emoji.mjs. */
export declare const EMOJI_SETS: Readonly<Record<"twemoji" | "openmoji", string>>;
/** See draw-emoji.mjs. */
export declare function drawEmoji(set: keyof typeof EMOJI_SETS, folder: string): Promise<void>;
