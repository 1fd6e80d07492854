"""Keys of a config.json that say nothing of size or work, with the reason; what is neither read nor here is reported."""

from __future__ import annotations

import re

IRRELEVANT: tuple[tuple[str, str], ...] = (
    (r".*token_id(s)?$|.*token_index$|.*_placeholder$|bad_words_ids|ignore_index", "ids of tokens"),
    (r".*dropout.*|.*w_init_.*|initializer_.*|.*loss.*|.*jitter_noise|router_jitter.*|seq_aux|"
     r"pretraining_tp", "training"),
    (r".*_eps(ilon)?$|.*norm_topk.*|qk_norm.*|use_qk_norm|.*layernorm.*|norm_type|residual_.*", "normalisation"),
    (r"rope_.*|partial_rotary_factor|rotary_.*|.*position_embed.*|max_position_.*|original_max_.*|compress_rope_theta|"
     r"initial_context_.*|"
     r"model_max_length|seq_length|max_sequence_length|attention_factor", "positions"),
    (r"hidden_act.*|activation_function|.*hidden_act|swiglu_.*|.*soft_?cap(ping)?|embeddings_scale.*|logit_scale|.*_multiplier|query_pre_attn.*",
     "elementwise functions"),
    (r".*bias$|use_bias|bias", "biases: below a thousandth of the parameters"),
    (r"scoring_func|topk_.*|n_group|num_expert_group|.*routed_scaling_factor|enable_moe_fp32_combine|.*router.*|norm_.*prob|use_routing_bias|"
     r"moe_renormalize|ep_size|output_router_logits", "choice of experts: no work that counts"),
    (r"use_cache|architectures|auto_map|transformers_version|torch_dtype|dtype|model_type|_.*|tokenizer.*|chat_template|"
     r"return_dict.*|output_.*|is_(en)?coder.*|is_encoder_decoder|is_decoder|id2label|label2id|problem_type|"
     r"chunk_size_feed_forward|use_mrope|finetuning_task|prefix|pruned_heads|tie_encoder_decoder|torchscript|"
     r"use_bfloat16|num_labels|gradient_checkpointing|attn_implementation|task_specific_params|sep_token", "bookkeeping"),
    (r"(do_sample|early_stopping|num_beam.*|diversity_.*|length_penalty|.*no_repeat_ngram.*|max_length|min_length|"
     r"num_return_sequences|temperature|top_k|top_p|typical_p|repetition_penalty|.*suppress_tokens|remove_invalid_values|"
     r"exponential_decay_.*|forced_.*|add_cross_attention|cross_attention_(?!layers).*)", "settings of generation"),
    (r"mamba_(expand|chunk_size|hidden_act|rms_norm|norm_before_gate|use_mlp|dt_.*|step_.*|ssm_.*|.*bias)|chunk_size|"
     r"time_step_.*|expand|use_mamba.*|use_associative_scan|rescale_prenorm_residual|linear_lower_bound|kda_.*|"
     r"lightning_.*alpha|ssm_multipliers|.*_multipliers|linear_attn_.*dtype", "how recurrent kernels compute"),
    (r"hc_.*|learnable_sink_init|add_.*sink.*|attention_sink_bias|index_(share|skip|topk_freq|topk_pattern).*|"
     r"indexer_rope_.*|index_kpool_always.*|num_hash_layers|layer_rope_theta|qk_scale_factor|output_gate_type|"
     r"activation_situ.*|attn_res_block_size|latent_moe_use_norm|mla_use_nope|use_moe_router_bias|use_grouped_topk|swa_rope_theta|"
     r"attention_value_scale|use_gemma_norm|num_logits_to_keep|mlp_bias|moe_shared_expert_overlap|moe_router.*|mtp_.*|use_mtp|short_conv_kernel_size|block_ff_dim|language_model_only",
     "details without size"),
    (r"logits_scaling|normalization_function|init_method|moe_gate|moe_use_aux_free|use_mixed_mlp_moe|attention_head_dim|"
     r"use_(embedding_sharing|gated_activation|parallel_block|grouped_mm)|layer_switch|order_of_interleaved_layers|"
     r"postnorm|shared_moe_mode|full_attn_mod|interpolate_factor|mup_enabled|route_(scale|norm)|score_func|"
     r"num_(expert|limited)_groups|load_balance_coeff|mtp_share_layers|multi_query_attention|add_qkv_bias",
     "details of families"),
    (r"vision_.*|audio_.*|image_.*|video_.*|projector_.*|mm_.*|.*_vision_.*|text_config|use_unified_vision.*|"
     r"media_.*|use_bidirectional_attention", "encoders and their projections, which are left out and noted"),
)  # fmt: skip


def is_irrelevant(key: str) -> bool:
    """Whether a key needs no mention."""
    return any(re.fullmatch(pattern, key) for pattern, _ in IRRELEVANT)
