"""What of an article a model may be shown: readable text only, and nothing that talks to a model.

An article is data. A page may still hold sentences written for a machine ("ignore the instructions
above and …"), often where no reader sees them. Such a sentence goes, and with it the rest of its
paragraph, which holds what the machine is told to say. What is left is also what the model's answer
is held against, so that words which stand only there stand nowhere.
"""

import re
from functools import lru_cache

from bot.language.sentences import split
from bot.news.text import clean

# Beyond what `clean` takes: tags and variation selectors carry hidden text, private use and format
# characters mean nothing to a reader. The joiners that Persian and the Indic scripts need stay.
_HIDDEN = re.compile(
    "[\ufe00-\ufe0f\ue000-\uf8ff\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
    "|[\u200c\u200d](?![^\\W\\d_])"
)
# The marks by which chat templates tell speakers apart.
_TEMPLATE = re.compile(
    r"<\|[^|<>]{0,40}\|>|\[/?INST\]|<</?SYS>>|</?(?:s|start_of_turn|end_of_turn|think|system|user"
    r"|assistant)>|^#{1,4} ?(?:instructions?|system|assistant|user)\b ?:?|^(?:system|assistant) ?:",
    re.IGNORECASE | re.MULTILINE,
)
_PRIOR = r"(?:previous|prior|above|earlier|preceding|foregoing|former|original)"
_ORDERS = r"(?:instructions?|prompts?|directions?|directives?|rules?|guidelines?|commands?|context)"
_MODEL = (
    r"(?:AIs?|AI\ (?:models?|assistants?|systems?|agents?|bots?|tools?|readers?|summari[sz]ers?)"
    r"|(?:large\ )?language\ models?|LLMs?|chat-?bots?|(?:news\ )?bots?|assistants?"
    r"|summari[sz]ers?|summari[sz]ation\ (?:models?|tools?|systems?|bots?))"
)
# English first and at length: it is what pages write to machines in, whatever their own language.
_TO_A_MODEL = re.compile(
    rf"""
    \b(?:ignore|disregard|forget|override|bypass|dismiss|do\ not\ follow|stop\ following)\b
      .{{0,40}}\b(?:{_PRIOR}|your|all|any|these|those)\b.{{0,30}}\b(?:instructions?|prompts?)\b
  | \b(?:ignore|disregard|forget|override|bypass|dismiss)\b
      .{{0,40}}\b(?:{_PRIOR}|your)\b.{{0,30}}\b{_ORDERS}\b
  | \b(?:ignore|disregard|forget)\ (?:everything|anything|all|what)\b.{{0,30}}
      \b(?:above|before|previous(?:ly)?|told)\b
  | \b(?:you\ are|you're|act|behave|pretend\ to\ be|answer|respond)\ (?:now\ )?(?:as\ |like\ )?
      (?:an?|the)\ (?:\w+\ )?{_MODEL}\b
  | \byou\ are\ (?:now\ (?:an?|no\ longer|in\ \w+\ mode)|no\ longer\ an?)\b
  | \A\W*(?:(?:please\ )?(?:note|message|instructions?|notice)\ (?:to|for)|attention|dear|to|for)[ ]
      (?:an?\ |any\ |all\ |the\ )?{_MODEL}\b.{{0,40}}?(?::|\b(?:reading|processing)\ this\b)
  | \A\W*(?:attention|dear|hey|hello),?\ (?:an?\ |any\ |all\ |the\ )?{_MODEL}\b
  | \b(?:system|developer|hidden)\ (?:prompts?|instructions?)\b
  | \bnew\ (?:system\ )?(?:instructions?|prompt|task)\ ?:
  | \b(?:if|when|since|because)\ you\ (?:are|were)\ (?:an?\ |the\ )?(?:\w+\ )?
      (?:{_MODEL}|summari[sz]ing)\b
  | \b(?:in|begin|start|end|replace|write|include|put|add|mention)\b.{{0,60}}
      \b(?:your\ (?:summary|response|reply|output|answer)|(?:the|this|any)\ summar(?:y|ies))\b
  | \byour\ (?:summary|response|reply|output|answer|task)\ (?:must|should|shall|has\ to|is\ to)\b
  | \bthe\ summary\ (?:must|should|shall|has\ to|is\ to)\b
  | \b(?:do\ not|don't|instead\ of|rather\ than)\ summari[sz](?:e|ing)\b
  | \A\W*(?:please\ )?summari[sz]e\ (?:this|the)\ (?:article|text|page|story)\b
  | \A\W*(?:please\ |now\ )?(?:reply|respond|answer|output|print|say|write|repeat|return)[ ]
      (?:only|exactly|just|nothing\ but|with|the\ (?:words?|following|sentences?|phrase))\b
  | \bignorier(?:e|en|t)\b.{{0,40}}\b(?:Anweisung|Anleitung|Vorgabe|Instruktion)
  | \bignore[rz]\b.{{0,40}}\b(?:instructions|consignes|directives)\b
  | \bignor[ae]\b.{{0,40}}\b(?:instruc|\u00f3rdenes|istruzioni)
  | \u0438\u0433\u043d\u043e\u0440\u0438\u0440\u0443\u0439.{{0,40}}
      (?:\u0438\u043d\u0441\u0442\u0440\u0443\u043a\u0446|\u0443\u043a\u0430\u0437\u0430\u043d)
  | (?:\u5ffd\u7565|\u65e0\u89c6|\u7121\u8996|\u5ffd\u8996).{{0,16}}
      (?:\u6307\u4ee4|\u6307\u793a|\u63d0\u793a)
  | (?:\u6307\u4ee4|\u6307\u793a).{{0,10}}(?:\u7121\u8996|\u5ffd\u7565|\u65e0\u89c6)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_TEXT_MAX = 40_000  # characters looked at; what a model is shown is cut far shorter
_PARAGRAPH = re.compile(r"\n\s*\n|\n")


@lru_cache(maxsize=32)
def readable(text: str) -> tuple[tuple[str, ...], int]:
    """Return the sentences of *text* that may be shown, in order, and how many may not."""
    bare = _HIDDEN.sub("", clean(text[:_TEXT_MAX]))
    kept: list[str] = []
    withheld = 0
    for paragraph in _PARAGRAPH.split(bare):
        told = [paragraph[start:end] for start, end in split(paragraph)]
        for number, sentence in enumerate(told):
            if _TEMPLATE.search(sentence) or _TO_A_MODEL.search(sentence):
                withheld += len(told) - number
                break
            kept.append(" ".join(sentence.split()))
    return tuple(kept), withheld
