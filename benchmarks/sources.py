"""Where the data sets of our own runs come from, and which of them share texts."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Source:
    """A public data set."""

    where: str
    """Paper, and where it is published."""
    shares_texts_with: tuple[str, ...] = ()
    """Names of data sets that hold texts of this one, beside its own name."""


_REVIEWS = ("mr", "rotten_tomatoes", "sst", "sst2", "sst2_sentences", "sst5", "subj")
"""SST was made out of the reviews of MR, and SUBJ holds sentences of both."""

SOURCES = {
    "ag_news": Source(where="Zhang, Zhao and LeCun 2015, arXiv:1509.01626"),
    "banking77": Source(where="Casanueva et al. 2020, arXiv:2003.04807; PolyAI-LDN/task-specific-datasets"),
    "clinc150": Source(where="Larson et al. 2019, EMNLP D19-1131; clinc/oos-eval", shares_texts_with=("clinc_oos",)),
    "cola": Source(where="Warstadt, Singh and Bowman 2019, arXiv:1805.12471; nyu-mll/CoLA-baselines"),
    "cr": Source(where="Hu and Liu 2004, KDD, customer reviews", shares_texts_with=("customer_reviews",)),
    "drop": Source(where="Dua et al. 2019, arXiv:1903.00161"),
    "liar": Source(where="Wang 2017, arXiv:1705.00648"),
    "meld": Source(where="Poria et al. 2019, arXiv:1810.02508; declare-lab/MELD"),
    "mr": Source(where="Pang and Lee 2005, ACL, movie reviews", shares_texts_with=_REVIEWS),
    "sms_spam": Source(where="Almeida, Hidalgo and Yamakami 2011, DocEng, SMS Spam Collection"),
    "squad": Source(where="Rajpurkar et al. 2016, arXiv:1606.05250", shares_texts_with=("squad_v2",)),
    "sst2": Source(where="Socher et al. 2013, EMNLP; GLUE, arXiv:1804.07461", shares_texts_with=_REVIEWS),
    "sst2_sentences": Source(where="Socher et al. 2013, EMNLP", shares_texts_with=_REVIEWS),
    "subj": Source(where="Pang and Lee 2004, ACL, subjectivity", shares_texts_with=_REVIEWS),
}
