"""What is consented to, for the reader: `{{ document|consent_title:meeting }}`."""

from django import template

from registrations.forms import consent_title

register = template.Library()
register.filter(consent_title)
