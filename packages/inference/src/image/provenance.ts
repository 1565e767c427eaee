/** IPTC digital source types that an edit by a model may carry (cv.iptc.org/newscodes/digitalsourcetype). */
export const SOURCE_TYPES = ["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"] as const;
export type DigitalSourceType = (typeof SOURCE_TYPES)[number];

/** The name under which IPTC keeps a source type. */
export function digitalSourceUri(sourceType: DigitalSourceType): string {
  return `http://cv.iptc.org/newscodes/digitalsourcetype/${sourceType}`;
}

/** What a finished picture says about its making. */
export interface Provenance {
  readonly sourceType: DigitalSourceType;
  /** Name and version of the program. */
  readonly tool: string;
  /** Everything that replays the edit; JSON values. Written as compact JSON with its keys in the given order. */
  readonly recipe?: Readonly<Record<string, unknown>> | undefined;
}

/** Namespace of the recipe in XMP. */
const RECIPE_NAMESPACE = "urn:moodifier:recipe:1/";

/**
 * An XMP packet (ISO 16684-1) with IPTC's DigitalSourceType, the creator tool and the recipe. It holds no date and no random number:
 * the same edit gives the same bytes.
 */
export function buildXmp({ sourceType, tool, recipe }: Provenance): string {
  const facts = [
    `<Iptc4xmpExt:DigitalSourceType>${digitalSourceUri(sourceType)}</Iptc4xmpExt:DigitalSourceType>`,
    `<xmp:CreatorTool>${escapeXml(tool)}</xmp:CreatorTool>`,
    ...(recipe ? [`<moodifier:Recipe>${escapeXml(JSON.stringify(recipe))}</moodifier:Recipe>`] : []),
  ];
  return [
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>',
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"',
    ` xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:moodifier="${RECIPE_NAMESPACE}">`,
    ...facts,
    "</rdf:Description></rdf:RDF></x:xmpmeta>",
    '<?xpacket end="w"?>',
  ].join("\n");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
