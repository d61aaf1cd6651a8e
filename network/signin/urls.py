"""The addresses of signing in, in German; names and views are django-allauth's."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as keys
from allauth.usersessions.views import list_usersessions
from django.urls import path, re_path

urlpatterns = [
    path("konto/anmelden/", account.login, name="account_login"),
    path("konto/anmelden/code/", account.confirm_login_code, name="account_confirm_login_code"),
    path("konto/anmelden/passkey/", keys.login_webauthn, name="mfa_login_webauthn"),
    path("konto/anmelden/zweiter-faktor/", mfa.authenticate, name="mfa_authenticate"),
    path("konto/abmelden/", account.logout, name="account_logout"),
    path("konto/gesperrt/", account.account_inactive, name="account_inactive"),
    path("konto/neu/", account.signup, name="account_signup"),
    path("konto/bestaetigen/", account.reauthenticate, name="account_reauthenticate"),
    path("konto/bestaetigen/zweiter-faktor/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("konto/bestaetigen/schluessel/", keys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("konto/e-mail/", account.email, name="account_email"),
    path("konto/e-mail/bestaetigung/", account.email_verification_sent, name="account_email_verification_sent"),
    re_path(r"^konto/e-mail/bestaetigung/(?P<key>[-:\w]+)/$", account.confirm_email, name="account_confirm_email"),
    path("konto/passwort/", account.password_change, name="account_change_password"),
    path("konto/passwort/festlegen/", account.password_set, name="account_set_password"),
    path("konto/passwort/vergessen/", account.password_reset, name="account_reset_password"),
    path("konto/passwort/vergessen/gesendet/", account.password_reset_done, name="account_reset_password_done"),
    path("konto/passwort/neu/fertig/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^konto/passwort/neu/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("konto/geraete/", list_usersessions, name="usersessions_list"),
    path("konto/zweiter-faktor/", mfa.index, name="mfa_index"),
    path("konto/zweiter-faktor/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("konto/zweiter-faktor/app/ausschalten/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("konto/zweiter-faktor/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("konto/zweiter-faktor/codes/neu/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("konto/zweiter-faktor/codes.txt", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("konto/zweiter-faktor/schluessel/", keys.list_webauthn, name="mfa_list_webauthn"),
    path("konto/zweiter-faktor/schluessel/neu/", keys.add_webauthn, name="mfa_add_webauthn"),
    path("konto/zweiter-faktor/schluessel/<int:pk>/entfernen/", keys.remove_webauthn, name="mfa_remove_webauthn"),
    path("konto/zweiter-faktor/schluessel/<int:pk>/", keys.edit_webauthn, name="mfa_edit_webauthn"),
]
