"""Model types of Transformers by architecture, as names: known without importing Transformers."""

ENCODERS = frozenset(
    {
        "albert",
        "bert",
        "big_bird",
        "camembert",
        "canine",
        "convbert",
        "data2vec-text",
        "deberta",
        "deberta-v2",
        "distilbert",
        "electra",
        "ernie",
        "esm",
        "eurobert",
        "flaubert",
        "fnet",
        "funnel",
        "gte",
        "ibert",
        "longformer",
        "luke",
        "megatron-bert",
        "mobilebert",
        "modernbert",
        "mpnet",
        "mra",
        "nomic_bert",
        "nystromformer",
        "rembert",
        "roberta",
        "roberta-prelayernorm",
        "roc_bert",
        "roformer",
        "squeezebert",
        "xlm",
        "xlm-roberta",
        "xlm-roberta-xl",
        "xmod",
        "yoso",
    }
)
"""Types with a classification head that read a text in both directions."""

DECODERS = frozenset(
    {
        "biogpt",
        "bloom",
        "ctrl",
        "falcon",
        "gemma",
        "gemma2",
        "gemma3",
        "gemma3_text",
        "gpt2",
        "gpt_bigcode",
        "gpt_neo",
        "gpt_neox",
        "gptj",
        "llama",
        "mistral",
        "mixtral",
        "openai-gpt",
        "opt",
        "phi",
        "phi3",
        "qwen2",
        "qwen2_moe",
        "qwen3",
        "smollm3",
        "stablelm",
        "xlnet",
        "deepseek_v2",
        "deepseek_v3",
    }
)
"""Types that read a text from left to right."""

ENCODER_DECODERS = frozenset(
    {
        "bart",
        "bigbird_pegasus",
        "led",
        "m2m_100",
        "mbart",
        "mt5",
        "pegasus",
        "plbart",
        "switch_transformers",
        "t5",
        "umt5",
    }
)
"""Types with both halves."""

OFFSET_POSITIONS = frozenset(
    {
        "roberta",
        "xlm-roberta",
        "camembert",
        "roberta-prelayernorm",
        "xlm-roberta-xl",
        "longformer",
        "data2vec-text",
        "mpnet",
    }
)
"""Types whose position ids start at 2: two rows of the position table are never an input's."""
