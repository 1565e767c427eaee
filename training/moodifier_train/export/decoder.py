"""Graph modules of the planner: vision tower + projector, and the causal decoder with its key/value cache as plain tensors."""

import torch
from torch import nn
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from .encoders import causal_mask, vision_states


class PlannerVision(nn.Module):
    """pixel_values [1, 3, S, S] normalised -> image_tokens [1, N, D] and, once a domain was fitted, domain_distance [1] (`Domain`)."""

    def __init__(self, planner):
        super().__init__()
        self.vision, self.projector, self.domain = planner.vision, planner.projector, planner.domain
        self.vision.set_attn_implementation("eager")

    def forward(self, pixel_values):
        tokens = self.projector(vision_states(self.vision, pixel_values)[:, 1:])
        return (tokens, self.domain(tokens)) if self.domain else tokens


class PlannerDecoder(nn.Module):
    """image_tokens [1, n, D], input_ids int64 [1, t], past_keys and past_values [layers, heads, p, d]
    -> logits [t, vocab] (of the ids, not of the image tokens), present_keys and present_values [layers, heads, p + n + t, d].

    The LlamaForCausalLM forward pass written out over stacked caches; positions run on from p, attention is causal.
    """

    def __init__(self, planner):
        super().__init__()
        self.llama, config = planner.decoder, planner.decoder.config
        if config.num_key_value_heads != config.num_attention_heads:
            raise ValueError(f"planner decoder: expected as many key/value heads as heads, got {config.num_key_value_heads} and {config.num_attention_heads}")
        self.heads = config.num_attention_heads

    def forward(self, image_tokens, input_ids, past_keys, past_values):
        model = self.llama.model
        states = torch.cat([image_tokens, model.embed_tokens(input_ids)], dim=1)
        fresh, past = states.shape[1], past_keys.shape[2]
        rotary = model.rotary_emb(states, (torch.arange(fresh) + past).unsqueeze(0))
        mask, keys, values = causal_mask(fresh, past + fresh), [], []
        for i, layer in enumerate(model.layers):
            change, key, value = self.attend(layer.self_attn, layer.input_layernorm(states), rotary, mask, past_keys[i : i + 1], past_values[i : i + 1])
            keys.append(key)
            values.append(value)
            states = states + change
            states = states + layer.mlp(layer.post_attention_layernorm(states))
        states = model.norm(states)[0, image_tokens.shape[1] :]
        return self.llama.lm_head(states), torch.cat(keys), torch.cat(values)

    def attend(self, attn, x, rotary, mask, past_key, past_value):
        q, k, v = (project(x).unflatten(2, (self.heads, -1)).transpose(1, 2) for project in (attn.q_proj, attn.k_proj, attn.v_proj))
        q, k = apply_rotary_pos_emb(q, k, *rotary)
        k, v = torch.cat([past_key, k], dim=2), torch.cat([past_value, v], dim=2)
        weights = (q * attn.scaling @ k.transpose(-1, -2) + mask).softmax(-1)
        return attn.o_proj((weights @ v).transpose(1, 2).flatten(2)), k, v
