import { Controller, Get } from "@nestjs/common";
import { type EmotionList, listEmotions } from "./emotion-list.ts";

/** `/v1/emotions`. */
@Controller("v1/emotions")
export class EmotionsController {
  /** Every emotion that an edit may ask for. */
  @Get()
  list(): EmotionList {
    return listEmotions();
  }
}
